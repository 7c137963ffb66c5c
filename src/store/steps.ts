/**
 * A CTE `t_steps` that upserts the step times given as JSON in parameter `json`, for the settlement $1; the run id is $2 or
 * parameter `run`. `STEPS_WRITTEN` are the new ones as the log tells them.
 */
export function writeSteps(json: number, run: number): string {
  return `t_steps as (insert into app.steps as t (settlement_id, run_id, name, revision, started_at, ended_at, attempts)
    select $1, ${run === 0 ? '$2' : `$${run}`}, x.name, 1, x."startedAt", x."endedAt", x.attempts
    from jsonb_to_recordset($${json}::jsonb) as x(name text, "startedAt" timestamptz, "endedAt" timestamptz, attempts integer)
    on conflict do nothing returning t.name, app.step_state(t) as state)`;
}

export const STEPS_WRITTEN = `coalesce((select jsonb_object_agg(name, state) from t_steps), '{}')`;
