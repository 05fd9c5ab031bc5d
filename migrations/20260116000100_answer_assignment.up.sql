-- What the assignment said when it was answered. An upload replaces assignments, and with them the only rows that know the arm.
ALTER TABLE answer
    ADD COLUMN experiment_id varchar(100),
    ADD COLUMN arm varchar(100),
    ADD COLUMN rl_run_id integer,
    ADD COLUMN policy_id varchar(100),
    ADD COLUMN allocation_probability double precision;

CREATE FUNCTION assignment_of_answer(task varchar, participant varchar) RETURNS display_config STABLE LANGUAGE sql AS $$
    SELECT * FROM display_config WHERE id = task AND user_email = participant
$$;

-- Existing answers take it from the assignments that still exist. An UPDATE would move the rows, and old code reads them without ORDER BY.
-- This ALTER TABLE writes them anew in their physical order. It holds the table meanwhile. Where no
-- assignment has an arm, there is nothing to take, and no row is written.
-- safe: opaque-code: one ALTER TABLE that keeps the physical order, and only where it is needed
DO $$
BEGIN
    IF EXISTS (SELECT FROM display_config
               WHERE num_nonnulls(experiment_id, arm, rl_run_id, policy_id, allocation_probability) > 0)
    THEN
        SET LOCAL synchronize_seqscans = off;
        ALTER TABLE answer
            ALTER COLUMN experiment_id TYPE varchar(100) USING (assignment_of_answer(task_id, user_email)).experiment_id,
            ALTER COLUMN arm TYPE varchar(100) USING (assignment_of_answer(task_id, user_email)).arm,
            ALTER COLUMN rl_run_id TYPE integer USING (assignment_of_answer(task_id, user_email)).rl_run_id,
            ALTER COLUMN policy_id TYPE varchar(100) USING (assignment_of_answer(task_id, user_email)).policy_id,
            ALTER COLUMN allocation_probability TYPE double precision
                USING (assignment_of_answer(task_id, user_email)).allocation_probability;
    END IF;
END
$$;
-- safe: ban-drop-function: made above, for this file alone
DROP FUNCTION assignment_of_answer;

-- Old code does not know these columns. Until it serves no more, a trigger fills them for it. It reads assignments as their owner, because
-- old code may run as a role that only stores answers.
CREATE FUNCTION answer_takes_its_assignment() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    SELECT experiment_id, arm, rl_run_id, policy_id, allocation_probability
    INTO NEW.experiment_id, NEW.arm, NEW.rl_run_id, NEW.policy_id, NEW.allocation_probability
    FROM public.display_config WHERE id = NEW.task_id AND user_email = NEW.user_email;
    RETURN NEW;
END
$$;

CREATE TRIGGER answer_takes_its_assignment BEFORE INSERT ON answer
    FOR EACH ROW WHEN (num_nonnulls(NEW.experiment_id, NEW.arm, NEW.rl_run_id, NEW.policy_id, NEW.allocation_probability) = 0)
    EXECUTE FUNCTION answer_takes_its_assignment();
