"""Evaluates policies, as far as infra/ needs it: wildcards, Deny before Allow, StringEquals and StringLike."""

from fnmatch import fnmatchcase

OPERATORS = {"StringEquals": lambda value, pattern: value == pattern, "StringLike": fnmatchcase}


def allows(statements, action, resource, **context):
    """Returns whether the statements together allow an action. Keys of the context: `iam__PassedToService` is iam:PassedToService."""
    known = {key.replace("__", ":", 1): value for key, value in context.items()}
    effects = [one["Effect"] for one in statements if applies(one, action, resource, known)]
    return "Allow" in effects and "Deny" not in effects


def applies(statement, action, resource, context):
    acts = any(fnmatchcase(action.lower(), one.lower()) for one in listed(statement["Action"]))
    concerns = any(fnmatchcase(resource, one) for one in listed(statement["Resource"]))
    return acts and concerns and all(holds(*one, context) for one in statement.get("Condition", {}).items())


def holds(operator, wanted, context):
    matches = OPERATORS[operator]
    return all(key in context and any(matches(context[key], one) for one in listed(values)) for key, values in wanted.items())


def names(statements, action):
    """Returns whether an action is allowed on any resource, under any condition."""
    return any(one["Effect"] == "Allow" and any(fnmatchcase(action.lower(), a.lower()) for a in listed(one["Action"])) for one in statements)


def listed(value):
    return value if isinstance(value, list) else [value]
