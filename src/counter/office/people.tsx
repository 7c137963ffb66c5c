import { useState } from 'react';
import { post, type Person, type Role } from '../api';
import { dayText, parseDay, todayInTehran } from '../dates';
import { List, useFilters, useTyped } from '../list';
import { useLoaded, usePages } from '../loading';
import { Badge, DayField, Field, Moment, Notice, Num, Said, Scroll, Select, Trouble, useFigures, Waiting } from '../parts';
import { Link } from '../router';
import { useSession } from '../session';
import { Act } from '../settlement/act';
import { useWords } from '../words';

const ROLES: readonly Role[] = ['clerk', 'supervisor', 'approver', 'quality', 'billing', 'admin'];
type Code = Person['qualifications'][number]['code'];

/** Who works here, with roles and qualifications (R3); the administrator adds and changes. */
export function People() {
  const words = useWords();
  const { operator } = useSession();
  const filters = useFilters('/people', ['query']);
  const [typed, setTyped] = useState(filters.given('query'));
  useTyped(filters, { query: typed.trim() });
  const pages = usePages<Person>(`/people?${new URLSearchParams([...filters.query, ['limit', '100']]).toString()}`);
  return (
    <section className="list">
      <div className="list-head">
        <h1>{words.people.title}</h1>
        <search className="filters" aria-label={words.list.filters}>
          <Field label={words.people.search} value={typed} onChange={setTyped} maxLength={80} />
        </search>
      </div>
      {operator.role === 'admin' ? (
        <div className="panel">
          <Adding done={pages.reload} />
        </div>
      ) : null}
      <List pages={pages} empty={words.people.empty}>
        {(items) => <Table items={items} />}
      </List>
    </section>
  );
}

function Table({ items }: { items: readonly Person[] }) {
  const words = useWords();
  const { columns } = words.people;
  return (
    <Scroll label={words.people.title}>
      <table className="wide">
        <thead>
          <tr>
            <th scope="col">{columns.name}</th>
            <th scope="col">{columns.user}</th>
            <th scope="col">{columns.office}</th>
            <th scope="col">{columns.roles}</th>
            <th scope="col">{columns.qualified}</th>
            <th scope="col">{columns.state}</th>
          </tr>
        </thead>
        <tbody>
          {items.map((person) => (
            <tr key={person.id}>
              <th scope="row">
                <Link to={`/people/${person.id}`}>
                  <Said>{person.name}</Said>
                </Link>
              </th>
              <td>
                <bdi dir="ltr">{person.id}</bdi>
              </td>
              <td>
                <Num>{person.office}</Num>
              </td>
              <td>{person.roles.map((role) => words.roles[role]).join(words.and)}</td>
              <td>{person.roles.includes('clerk') ? <Standing person={person} /> : words.none}</td>
              <td>
                <State person={person} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function State({ person }: { person: Person }) {
  const words = useWords();
  if (!person.active) return <Badge tone="bad">{words.people.locked}</Badge>;
  return person.mustChangePassword ? (
    <Badge tone="info">{words.people.mustChange}</Badge>
  ) : (
    <Badge tone="good">{words.people.active}</Badge>
  );
}

/** Whether a person may issue today, and what ends soon. */
function Standing({ person: { missing, lapsing } }: { person: Person }) {
  const words = useWords();
  const figures = useFigures();
  const name = (code: string): string => words.people.codes[code] ?? code;
  if (missing.length > 0) return <Badge tone="bad">{words.people.missing(missing.map(({ code }) => name(code)).join(words.and))}</Badge>;
  if (lapsing.length > 0)
    return (
      <Badge tone="warn">
        {words.people.lapsing(lapsing.map(({ code, lastDay }) => words.people.until(name(code), figures(lastDay))).join(words.and))}
      </Badge>
    );
  return <Badge tone="good">{words.people.qualified}</Badge>;
}

function RoleChoice({ roles, choose }: { roles: readonly Role[]; choose: (roles: Role[]) => void }) {
  const words = useWords();
  return (
    <fieldset className="checks">
      <legend>{words.people.columns.roles}</legend>
      <div className="options">
        {ROLES.map((role) => (
          <label key={role} className="check">
            <input
              type="checkbox"
              checked={roles.includes(role)}
              onChange={(event) => choose(event.target.checked ? [...roles, role] : roles.filter((each) => each !== role))}
            />
            {words.roles[role]}
          </label>
        ))}
      </div>
      <span className="help">{words.people.rolesHelp}</span>
    </fieldset>
  );
}

function OneTime({ name, password }: { name: string; password: string }) {
  const words = useWords();
  return (
    <Notice tone="warn" live>
      <p>
        {words.people.oneTime(name)}{' '}
        <bdi dir="ltr" className="one-time">
          {password}
        </bdi>
      </p>
      <p className="small-print">{words.people.oneTimeHelp}</p>
    </Notice>
  );
}

function Adding({ done }: { done: () => void }) {
  const words = useWords();
  const { operator } = useSession();
  const [id, setId] = useState('');
  const [name, setName] = useState('');
  const [office, setOffice] = useState(operator.office);
  const [roles, setRoles] = useState<Role[]>(['clerk']);
  const [told, setTold] = useState<{ name: string; password: string } | null>(null);
  const perform = async (): Promise<void> => {
    const { person, oneTimePassword } = await post<{ person: Person; oneTimePassword: string }>('/people', { id, name, office, roles });
    setTold({ name: person.name, password: oneTimePassword });
    setId('');
    setName('');
  };
  return (
    <>
      <Act
        title={words.people.add}
        help={words.people.addHelp}
        label={words.people.addDo}
        ready={id.trim().length >= 2 && name.trim().length >= 2 && office.trim() !== '' && roles.length > 0}
        perform={perform}
        done={done}
      >
        <div className="form-grid">
          <Field label={words.people.columns.name} value={name} onChange={setName} maxLength={120} />
          <Field label={words.people.columns.user} value={id} onChange={setId} help={words.people.userHelp} maxLength={40} />
          <Field label={words.people.columns.office} value={office} onChange={setOffice} figures maxLength={20} />
        </div>
        <RoleChoice roles={roles} choose={setRoles} />
      </Act>
      {told === null ? null : <OneTime {...told} />}
    </>
  );
}

/** One person: qualifications with their validity, and what the administrator may do. */
export function PersonPage({ id }: { id: string }) {
  const words = useWords();
  const { operator } = useSession();
  const figures = useFigures();
  const { value: person, error, reload } = useLoaded<Person>(`/people/${id}`);
  if (person === null) return error === null ? <Waiting /> : <Trouble error={error} retry={reload} />;
  return (
    <article className="settlement">
      {error === null ? null : <Trouble error={error} retry={reload} />}
      <header className="settlement-head">
        <p className="quiet">
          <Link to="/people">{words.people.title}</Link>
        </p>
        <h1>
          <Said>{person.name}</Said>
        </h1>
        <p className="badges">
          <State person={person} />
          <Badge>
            <bdi dir="ltr">{person.id}</bdi>
          </Badge>
          <Badge>{words.office(figures(person.office))}</Badge>
          {person.roles.map((role) => (
            <Badge key={role} tone="info">
              {words.roles[role]}
            </Badge>
          ))}
          {person.roles.includes('clerk') ? <Standing person={person} /> : null}
        </p>
      </header>
      <div className="columns">
        <Qualifications person={person} />
        {operator.role === 'admin' ? (
          <Acts key={`${person.office}${person.roles.join()}${String(person.active)}${person.name}`} person={person} reload={reload} />
        ) : null}
      </div>
    </article>
  );
}

function Qualifications({ person }: { person: Person }) {
  const words = useWords();
  return (
    <section className="panel">
      <h2>{words.people.qualifications}</h2>
      {person.qualifications.length === 0 ? (
        <p className="empty">{words.people.noQualifications}</p>
      ) : (
        <Scroll label={words.people.qualifications}>
          <table className="wide">
            <thead>
              <tr>
                <th scope="col">{words.people.qualification}</th>
                <th scope="col">{words.people.validFrom}</th>
                <th scope="col">{words.people.validTo}</th>
                <th scope="col">{words.people.certificate}</th>
                <th scope="col">{words.people.recorded}</th>
              </tr>
            </thead>
            <tbody>
              {[...person.qualifications].reverse().map((each) => (
                <tr key={`${each.code}${each.recordedAt}`}>
                  <th scope="row">{words.people.codes[each.code]}</th>
                  <td>
                    <Num>{each.validFrom}</Num>
                  </td>
                  <td>{each.validTo === null ? <span className="quiet">{words.people.openEnded}</span> : <Num>{each.validTo}</Num>}</td>
                  <td>{each.certificate === null ? words.none : <Said>{each.certificate}</Said>}</td>
                  <td>
                    <Said>{each.recordedBy}</Said> <Moment at={each.recordedAt} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  );
}

function Acts({ person, reload }: { person: Person; reload: () => void }) {
  const words = useWords();
  const figures = useFigures();
  const address = `/people/${person.id}`;
  const [name, setName] = useState(person.name);
  const [office, setOffice] = useState(person.office);
  const [roles, setRoles] = useState<Role[]>(person.roles);
  const [code, setCode] = useState<Code>(person.missing[0]?.code ?? person.lapsing[0]?.code ?? 'sevenSkills');
  const [from, setFrom] = useState(figures(dayText(todayInTehran())));
  const [to, setTo] = useState('');
  const [certificate, setCertificate] = useState('');
  const [password, setPassword] = useState<string | null>(null);
  const day = (typed: string): string | null => {
    const parsed = parseDay(typed, todayInTehran());
    return parsed ? dayText(parsed) : null;
  };
  return (
    <section className="panel" aria-labelledby="acts-title">
      <h2 id="acts-title">{words.settlement.actions}</h2>
      <Act
        title={words.people.qualify}
        help={words.people.qualifyHelp}
        label={words.people.qualifyDo}
        ready={day(from) !== null && (to === '' || day(to) !== null)}
        perform={() =>
          post(`${address}/qualifications`, {
            code,
            validFrom: day(from),
            validTo: to === '' ? null : day(to),
            certificate: certificate.trim() === '' ? null : certificate,
          })
        }
        done={reload}
        open={person.missing.length + person.lapsing.length > 0 && person.roles.includes('clerk')}
      >
        <div className="form-grid">
          <Select label={words.people.qualification} value={code} onChange={setCode} options={words.people.codes as Record<Code, string>} />
          <DayField label={words.people.validFrom} value={from} onChange={setFrom} />
          <DayField label={words.people.validTo} value={to} onChange={setTo} help={words.people.validToHelp} optional />
          <Field label={words.people.certificate} value={certificate} onChange={setCertificate} optional maxLength={120} />
        </div>
      </Act>
      <Act
        title={words.people.change}
        help={words.people.changeHelp}
        label={words.people.changeDo}
        ready={name.trim().length >= 2 && office.trim() !== '' && roles.length > 0}
        perform={() =>
          post(address, {
            ...(name !== person.name && { name }),
            ...(office !== person.office && { office }),
            ...(roles.join() !== person.roles.join() && { roles }),
          })
        }
        done={reload}
      >
        <div className="form-grid">
          <Field label={words.people.columns.name} value={name} onChange={setName} maxLength={120} />
          <Field label={words.people.columns.office} value={office} onChange={setOffice} figures maxLength={20} />
        </div>
        <RoleChoice roles={roles} choose={setRoles} />
      </Act>
      <Act
        title={words.people.reset}
        help={words.people.resetHelp}
        label={words.people.resetDo}
        perform={async () => setPassword((await post<{ oneTimePassword: string }>(`${address}/password-reset`, undefined)).oneTimePassword)}
        done={() => undefined}
      >
        {password === null ? null : <OneTime name={person.name} password={password} />}
      </Act>
      <Act
        title={person.active ? words.people.lock : words.people.unlock}
        help={person.active ? words.people.lockHelp : undefined}
        label={person.active ? words.people.lock : words.people.unlock}
        danger={person.active}
        perform={() => post(address, { active: !person.active })}
        done={reload}
      />
    </section>
  );
}
