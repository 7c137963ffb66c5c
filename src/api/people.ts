import type { z } from 'zod';
import { todayInTehran } from '../domain/calendar/jalali.js';
import type { PersonRecord } from '../store/people.js';
import { officeScope, requireOffice, sees } from './authentication.js';
import type { ApiDeps } from './deps.js';
import { Problem, type ProblemError } from './problems.js';
import type { Call, JsonBody } from './route.js';
import { qualificationRequest, type peopleQuery, type personChange, type personParams, type personRequest } from './schemas.js';
import { check } from './validation.js';
import { viewPerson } from './view.js';

type Named<B = unknown> = Call<z.output<typeof personParams>, unknown, B>;
type Qualification = z.output<typeof qualificationRequest>;

/** A qualification with the rule between its days, all findings at once. */
export const qualificationBody: JsonBody<Qualification> = {
  schema: qualificationRequest,
  read(raw) {
    const { value, errors } = check(qualificationRequest, raw);
    const { validFrom, validTo } = check(qualificationRequest.pick({ validFrom: true, validTo: true }).loose(), raw).value ?? {};
    if (validFrom !== undefined && validTo !== undefined && validTo !== null && validTo < validFrom) {
      const reversed: ProblemError = {
        field: 'validTo',
        code: 'PERIOD_REVERSED',
        message: `پایان ${validTo} پیش از آغاز ${validFrom} است. تاریخ‌ها را از روی گواهی دوباره بنویسید.`,
      };
      errors.push(reversed);
    }
    if (errors.length > 0 || value === null) throw new Problem('INVALID_REQUEST', { errors });
    return value;
  },
};

/** GET /people: by user name, in pages; a supervisor sees the own office. */
export async function listPeople({ res, operator, query }: Call<unknown, z.output<typeof peopleQuery>>, deps: ApiDeps) {
  const scope = officeScope(operator);
  if (scope !== null && query.office !== undefined) requireOffice(operator, query.office);
  const found = await deps.people.list({
    query: query.query ?? null,
    office: scope ?? query.office ?? null,
    // one more than asked tells whether another page follows
    limit: query.limit + 1,
    after: query.cursor ?? null,
  });
  const page = found.slice(0, query.limit);
  const view = await viewing(deps);
  res.json({ items: page.map(view), next: found.length > query.limit ? (page.at(-1)?.id ?? null) : null });
}

/** GET /people/{id} */
export async function showPerson({ res, operator, params }: Named, deps: ApiDeps) {
  const person = await deps.people.get(params.id);
  if (person === null || !sees(operator, person.office)) throw new Problem('NOT_FOUND');
  res.json((await viewing(deps))(person));
}

/** POST /people: the answer holds the one-time password, which nobody can read again. */
export async function recordPerson({ req, res, operator, body }: Call<unknown, unknown, z.output<typeof personRequest>>, deps: ApiDeps) {
  const view = await viewing(deps);
  const person = await deps.people.record(body, operator);
  if (person === null) throw new Problem('PERSON_EXISTS');
  const oneTimePassword = await deps.signIns.resetPassword(person.id, operator, deps.now());
  res
    .status(201)
    .location(`${req.baseUrl}/people/${person.id}`)
    .json({ person: view({ ...person, mustChangePassword: true }), oneTimePassword });
}

/** POST /people/{id}: what is named is changed. */
export async function changePerson({ res, operator, params: { id }, body }: Named<z.output<typeof personChange>>, deps: ApiDeps) {
  const gone = body.active === false || (body.roles !== undefined && !body.roles.includes('admin'));
  if (id === operator.id && gone) throw new Problem('ADMIN_NEEDED');
  const person = await deps.people.change(id, body, operator);
  if (person === null) throw new Problem('NOT_FOUND');
  if (person === 'lastAdmin') throw new Problem('ADMIN_NEEDED');
  deps.sessions.forget();
  res.json((await viewing(deps))(person));
}

/** POST /people/{id}/qualifications */
export async function qualifyPerson({ res, operator, params: { id }, body }: Named<Qualification>, deps: ApiDeps) {
  const { code, validFrom, validTo, certificate } = body;
  const outcome = await deps.people.qualify(id, { code, validFrom, validTo: validTo ?? null, certificate: certificate ?? null }, operator);
  if (outcome === null) throw new Problem('NOT_FOUND');
  res.status(outcome.recorded ? 201 : 200).json((await viewing(deps))(outcome.person));
}

/** POST /people/{id}/password-reset: every session of the person ends, and a lock. */
export async function resetPassword({ res, operator, params: { id } }: Named, deps: ApiDeps) {
  const oneTimePassword = await deps.signIns.resetPassword(id, operator, deps.now());
  if (oneTimePassword === null) throw new Problem('NOT_FOUND');
  deps.sessions.forget();
  res.json({ oneTimePassword });
}

/** How people look today. */
async function viewing(deps: ApiDeps) {
  const today = todayInTehran(deps.now());
  const { qualificationWarnDays } = await deps.serviceTerms(today);
  return (person: PersonRecord) => viewPerson(person, today, qualificationWarnDays);
}
