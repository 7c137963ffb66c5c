/** A CTE that upserts the step times given as JSON in parameter `json`, for the settlement $1; the run id is $2 or parameter `run`. */
export function writeSteps(json: number, run: number): string {
  return `t_steps as (insert into app.steps (settlement_id, run_id, name, revision, started_at, ended_at, attempts)
    select $1, ${run === 0 ? '$2' : `$${run}`}, x.name, 1, x."startedAt", x."endedAt", x.attempts
    from jsonb_to_recordset($${json}::jsonb) as x(name text, "startedAt" timestamptz, "endedAt" timestamptz, attempts integer)
    on conflict do nothing)`;
}
