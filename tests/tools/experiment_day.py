"""Plays a day of an adaptive-experiment service with the client generated from docs/api/openapi.json.

    experiment_day.py BASE_URL EXPORT_API_KEY
"""

import sys

from augmed_client import AuthenticatedClient
from augmed_client.api.experiments import (
    get_experiment,
    patch_experiment_run,
    patch_experiment_status,
    post_configs_batch,
    post_experiment,
    post_experiment_run,
)
from augmed_client.api.export import get_export_answers, get_export_display_configs
from augmed_client.models import (
    Entry,
    ExperimentStatus,
    PatchExperimentRunBody,
    PatchExperimentStatusBody,
    PathEntry,
    PostConfigsBatchBody,
    PostExperimentBody,
    PostExperimentRunBody,
    RunStatus,
)


def main(base_url: str, key: str) -> None:
    client = AuthenticatedClient(
        base_url=base_url, token=key, prefix="", auth_header_name="X-API-Key", raise_on_unexpected_status=True
    )

    body = PostExperimentBody(name="Adaptive arms", arms=["with score", "without score"])
    assigned = len(pages(get_export_display_configs, client))
    created = post_experiment.sync_detailed(client=client, body=body, idempotency_key='"day-1"')
    assert created.status_code == 201, created
    experiment = created.parsed.data.experiment_id
    again = post_experiment.sync_detailed(client=client, body=body, idempotency_key='"day-1"')
    assert again.parsed.data.experiment_id == experiment, "the same request again"

    run = data(post_experiment_run.sync(id=experiment, client=client, body=PostExperimentRunBody(triggered_by="day")))

    entries = [
        Entry(
            user_email=f"{name}@contract.test",
            case_id=1,
            experiment_id=experiment,
            rl_run_id=run.id,
            arm="with score",
            path_config=[PathEntry(path="RISK ASSESSMENT.CRC risk assessments")],
        )
        for name in ("alice", "bob")
    ]
    batch = data(post_configs_batch.sync(client=client, body=PostConfigsBatchBody(configs=entries)))
    assert [result.status for result in batch.results] == ["added", "added"], batch
    assert batch.total == 2

    running = PatchExperimentRunBody(status=RunStatus.RUNNING)
    assert data(patch_experiment_run.sync(id=experiment, run_id=run.id, client=client, body=running)).status == "running"
    done = PatchExperimentRunBody(status=RunStatus.COMPLETED, model_version="v1", configs_generated=2)
    assert data(patch_experiment_run.sync(id=experiment, run_id=run.id, client=client, body=done)).status == "completed"
    shown = data(get_experiment.sync(id=experiment, client=client))
    assert [(one.id, one.status, one.configs_generated) for one in shown.runs] == [(run.id, "completed", 2)], shown

    exported = pages(get_export_display_configs, client)
    assert len(exported) == assigned + 2, "assignments of the batch are exported"
    assert pages(get_export_answers, client), "the fixture has answers"

    paused = PatchExperimentStatusBody(status=ExperimentStatus.PAUSED)
    assert data(patch_experiment_status.sync(id=experiment, client=client, body=paused)).status == "paused"
    refused = post_experiment_run.sync_detailed(id=experiment, client=client, body=PostExperimentRunBody())
    assert refused.status_code == 400 and "paused" in refused.parsed.error.message, refused
    stranger = AuthenticatedClient(base_url=base_url, token="wrong", prefix="", auth_header_name="X-API-Key")
    assert get_experiment.sync_detailed(id=experiment, client=stranger).parsed.error.code == 401


def data(answer):
    """Returns the data of a response, which must not be an error."""
    assert answer.error is None, answer.error
    return answer.data


def pages(resource, client: AuthenticatedClient) -> list:
    """Returns all rows, page by page, with cursors as described in the document."""
    rows, cursor = [], ""
    while cursor is not None:
        page = resource.sync(client=client, limit=2, cursor=cursor)
        rows += page.data
        cursor = page.pagination.next_cursor
    return rows


if __name__ == "__main__":
    main(*sys.argv[1:])
