import { useId, useRef, useState } from 'react';
import { Button } from 'react-aria-components';
import { call, type FeeProposal, type FeeResolutions, get, post, type ServiceTermsOf, type TariffProposal, type TariffReview, type Tariffs } from '../api';
import { dayText, parseDay, todayInTehran } from '../dates';
import { grouped, latinDigits, onlyDigits } from '../digits';
import { useLoaded } from '../loading';
import { Amount, Badge, DayField, Field, Moment, Notice, Num, Said, Scroll, Select, Trouble, useFigures, Waiting } from '../parts';
import { useSession } from '../session';
import { Act } from '../settlement/act';
import { useSpeech, useWords } from '../words';

/** Everything rated is data: tariffs, the board's resolutions on the fee, deadlines. Two administrators change it. */
export default function Rules() {
  const words = useWords();
  const tariffs = useLoaded<Tariffs>('/tariffs');
  const fees = useLoaded<FeeResolutions>('/fee-resolutions');
  return (
    <section className="list rules">
      <h1>{words.rules.title}</h1>
      {tariffs.error === null ? null : <Trouble error={tariffs.error} retry={tariffs.reload} />}
      {tariffs.value === null ? tariffs.error === null ? <Waiting /> : null : <TariffSection tariffs={tariffs.value} reload={tariffs.reload} />}
      {fees.error === null ? null : <Trouble error={fees.error} retry={fees.reload} />}
      {fees.value === null ? null : <FeeSection fees={fees.value} reload={fees.reload} />}
      {tariffs.value === null ? null : <TermsSection terms={tariffs.value.terms} />}
    </section>
  );
}

function Until({ to }: { to: string | null }) {
  const words = useWords();
  return to === null ? <span className="quiet">{words.rules.furtherNotice}</span> : <Num>{to}</Num>;
}

function Span({ from, to }: { from: string; to: string | null }) {
  const words = useWords();
  return (
    <>
      {words.preview.from} <Num>{from}</Num> {to === null ? words.rules.furtherNotice : <>{words.preview.to} <Num>{to}</Num></>}
    </>
  );
}

function By({ by, confirmedBy }: { by: string | null; confirmedBy: string | null }) {
  const words = useWords();
  if (by === null) return <>{words.none}</>;
  return <Said>{confirmedBy === null ? by : words.rules.twoPersons(by, confirmedBy)}</Said>;
}

function TariffSection({ tariffs: { items, proposals }, reload }: { tariffs: Tariffs; reload: () => void }) {
  const words = useWords();
  const figures = useFigures();
  const { operator } = useSession();
  const { columns } = words.rules;
  const [published, setPublished] = useState<number | null>(null);
  const admin = operator.role === 'admin';
  return (
    <section className="panel stacked">
      <h2>{words.rules.tariffs}</h2>
      <Scroll label={words.rules.published}>
        <table>
          <thead>
            <tr>
              <th scope="col">{columns.version}</th>
              <th scope="col">{columns.title}</th>
              <th scope="col">{columns.from}</th>
              <th scope="col">{columns.to}</th>
              <th scope="col">{columns.by}</th>
              <th scope="col">{columns.at}</th>
            </tr>
          </thead>
          <tbody>
            {[...items].reverse().map((tariff) => (
              <tr key={tariff.version}>
                <th scope="row">
                  <bdi dir="ltr">{tariff.version}</bdi>
                </th>
                <td>
                  <Said>{figures(tariff.title)}</Said> {tariff.inForce ? <Badge tone="good">{words.rules.inForce}</Badge> : null} {tariff.illustrative ? <Badge tone="warn">{words.rules.illustrative}</Badge> : null}
                </td>
                <td>
                  <Num>{tariff.from}</Num>
                </td>
                <td>
                  <Until to={tariff.to} />
                </td>
                <td>
                  <By by={tariff.publishedBy} confirmedBy={tariff.confirmedBy} />
                </td>
                <td>
                  <Moment at={tariff.publishedAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {admin || proposals.length > 0 ? <h3>{words.rules.proposals}</h3> : null}
      {admin && proposals.length === 0 ? <p className="quiet">{words.rules.noProposals}</p> : null}
      {proposals.map((proposal) => (
        <TariffProposed
          key={proposal.proposal}
          proposal={proposal}
          done={(affected) => {
            setPublished(affected);
            reload();
          }}
        />
      ))}
      {published === null ? null : (
        <Notice tone="good" live>
          {words.rules.publishedNow(figures(grouped(published)))}
        </Notice>
      )}
      {admin ? <NewTariff done={reload} /> : null}
    </section>
  );
}

/** What another has proposed: to be looked at as a whole before it is published. */
function TariffProposed({ proposal, done }: { proposal: TariffProposal; done: (affected: number | null) => void }) {
  const words = useWords();
  const figures = useFigures();
  const { operator } = useSession();
  const [review, setReview] = useState<TariffReview | null>(null);
  const [error, setError] = useState<unknown>(null);
  const address = `/tariffs/${encodeURIComponent(proposal.version)}`;
  const look = async (): Promise<void> => {
    setError(null);
    try {
      const { document } = await get<{ document: unknown }>(address);
      setReview(await post<TariffReview>('/tariffs/check', { document }));
    } catch (problem) {
      setError(problem);
    }
  };
  const own = proposal.proposedBy.id === operator.id;
  return (
    <div className="proposal">
      <p>
        <strong>
          <bdi dir="ltr">{proposal.version}</bdi>
        </strong>{' '}
        <Said>{figures(proposal.title)}</Said>، <Span from={proposal.from} to={proposal.to} />{' '}
        <span className="quiet">
          <Said>{proposal.proposedBy.name}</Said> <Moment at={proposal.proposedAt} />
        </span>
      </p>
      {operator.role === 'admin' ? (
        <>
          {review === null ? (
            <Button className="button small" onPress={() => void look()}>
              {words.rules.look}
            </Button>
          ) : (
            <Review review={review} />
          )}
          {error === null ? null : <Trouble error={error} />}
          {own ? <p className="quiet">{words.rules.own}</p> : null}
          {!own && review !== null ? (
            <Act
              title={words.rules.publish}
              help={words.rules.publishHelp}
              label={words.rules.publish}
              ready={review.valid}
              perform={async () => {
                const { affected } = await post<{ affected: unknown[] }>(`${address}/publication`, { proposal: proposal.proposal });
                done(affected.length);
              }}
              done={() => undefined}
              open
            />
          ) : null}
          <Act title={words.rules.withdraw} label={words.rules.withdraw} perform={() => call('DELETE', `${address}/proposal`)} done={() => done(null)} danger />
        </>
      ) : null}
    </div>
  );
}

function NewTariff({ done }: { done: () => void }) {
  const words = useWords();
  const id = useId();
  const file = useRef<HTMLInputElement>(null);
  const [document, setDocument] = useState<unknown>(null);
  const [review, setReview] = useState<TariffReview | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [broken, setBroken] = useState(false);
  const [busy, setBusy] = useState(false);
  const [meant, setMeant] = useState(false);
  const read = async (chosen: File | undefined): Promise<void> => {
    setReview(null);
    setError(null);
    setBroken(false);
    setMeant(false);
    if (chosen === undefined) return;
    setBusy(true);
    try {
      const json: unknown = JSON.parse((await chosen.text()).replace(/^\uFEFF/, ''));
      setDocument(json);
      setReview(await post<TariffReview>('/tariffs/check', { document: json }));
    } catch (problem) {
      if (problem instanceof SyntaxError) setBroken(true);
      else setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Act
      title={words.rules.upload}
      help={words.rules.uploadHelp}
      label={words.rules.propose}
      ready={review?.valid === true && (review.doubts.length === 0 || meant)}
      perform={async () => {
        await post('/tariffs', { document, ...(meant && { meant }) });
        setReview(null);
        if (file.current) file.current.value = '';
      }}
      done={done}
    >
      <div className="field">
        <label htmlFor={id}>{words.rules.file}</label>
        <input ref={file} id={id} type="file" accept=".json,application/json" onChange={(event) => void read(event.target.files?.[0])} />
      </div>
      {busy ? <Waiting>{words.rules.checking}</Waiting> : null}
      {broken ? (
        <Notice tone="bad" live>
          {words.rules.notJson}
        </Notice>
      ) : null}
      {error === null ? null : <Trouble error={error} />}
      {review === null ? null : <Review review={review} />}
      {review !== null && review.doubts.length > 0 ? (
        <label className="check">
          <input type="checkbox" checked={meant} onChange={(event) => setMeant(event.target.checked)} />
          {words.rules.meant}
        </label>
      ) : null}
    </Act>
  );
}

/** Every finding, and sample bills old against new. */
function Review({ review }: { review: TariffReview }) {
  const { words, language } = useSpeech();
  const figures = useFigures();
  return (
    <div className="review" role="status">
      <p className="badges">
        {review.version === null ? null : (
          <Badge>
            <bdi dir="ltr">{review.version}</bdi>
          </Badge>
        )}
        <Badge tone={review.valid ? 'good' : 'bad'}>{review.valid ? words.rules.valid : words.rules.faults(figures(review.faults.length))}</Badge>
        {review.warnings.length > 0 ? <Badge tone="warn">{words.rules.warnings(figures(review.warnings.length))}</Badge> : null}
        {review.against === null ? null : <Badge tone="info">{words.rules.against(review.against)}</Badge>}
      </p>
      {review.faults.length + review.warnings.length === 0 ? null : (
        <Scroll label={words.rules.what}>
          <table>
            <thead>
              <tr>
                <th scope="col">{words.rules.what}</th>
                <th scope="col">{words.rules.path}</th>
              </tr>
            </thead>
            <tbody>
              {[...review.faults.map((found) => ({ ...found, tone: 'bad' as const })), ...review.warnings.map((found) => ({ ...found, tone: 'warn' as const }))].map(({ path, code, title, detail, tone }, n) => (
                <tr key={n}>
                  <th scope="row">
                    {words.rules.codes[code] === undefined ? null : <Badge tone={tone}>{words.rules.codes[code]}</Badge>}{' '}
                    <span className="small-print">{language === 'fa' ? <Mixed text={detail} /> : title}</span>
                  </th>
                  <td>
                    <bdi dir="ltr" className="small-print">
                      {path}
                    </bdi>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {review.samples.length === 0 ? null : <Samples review={review} />}
    </div>
  );
}

/** Persian with names of the document in it, which run from left to right and keep their digits. */
function Mixed({ text }: { text: string }) {
  const figures = useFigures();
  return <>{text.split(/([A-Za-z][\w.[\]-]*)/).map((part, i) => (i % 2 === 0 ? figures(part) : <bdi key={i} dir="ltr">{part}</bdi>))}</>;
}

/** One use at a time: what people would pay under the one and the other. */
function Samples({ review: { samples, against } }: { review: TariffReview }) {
  const words = useWords();
  const figures = useFigures();
  const uses = [...new Set(samples.map(({ use }) => use))];
  const [use, setUse] = useState(uses[0] ?? '');
  const compared = against !== null;
  const rial = (value: number | null) => (value === null ? words.none : <Amount value={value} bare />);
  return (
    <>
      <div className="table-head spread">
        <h3>
          {words.rules.samples} <span className="quiet small-print">{words.rules.samplesHelp}</span>
        </h3>
        {uses.length > 1 ? <Select label={words.rules.use} value={use} onChange={setUse} options={Object.fromEntries(uses.map((each) => [each, words.uses[each] ?? each]))} /> : null}
      </div>
      <div className="tall">
        <Scroll label={words.rules.samples}>
          <table className="wide">
            <thead>
              <tr>
                <th scope="col">{words.rules.season}</th>
                <th scope="col">{words.rules.climate}</th>
                <th scope="col" className="end">
                  {words.rules.m3}
                </th>
                {compared ? (
                  <th scope="col" className="end">
                    {words.rules.old}
                  </th>
                ) : null}
                <th scope="col" className="end">
                  {words.rules.new}
                </th>
                {compared ? (
                  <th scope="col" className="end">
                    {words.rules.difference}
                  </th>
                ) : null}
              </tr>
            </thead>
            <tbody>
              {samples
                .filter((bill) => bill.use === use)
                .map(({ season, climate, m3, oldRial, newRial, differenceRial, percent }, n) => (
                  <tr key={n}>
                    <td>{words.rules.seasons[season]}</td>
                    <td>{climate === null ? words.list.all : figures(climate)}</td>
                    <td className="end">
                      <Num>{grouped(m3)}</Num>
                    </td>
                    {compared ? <td className="end">{rial(oldRial)}</td> : null}
                    <td className="end">{rial(newRial)}</td>
                    {compared ? (
                      <td className="end">
                        {rial(differenceRial)} {percent === null ? null : <span className="quiet"><Num>{`${percent.replace('-', '−')}%`}</Num></span>}
                      </td>
                    ) : null}
                  </tr>
                ))}
            </tbody>
          </table>
        </Scroll>
      </div>
    </>
  );
}

function FeeSection({ fees: { items, proposals }, reload }: { fees: FeeResolutions; reload: () => void }) {
  const words = useWords();
  const { operator } = useSession();
  const { columns } = words.rules;
  return (
    <section className="panel stacked">
      <h2>{words.rules.fees}</h2>
      {items.length === 0 ? (
        <p className="empty">{words.rules.noFees}</p>
      ) : (
        <Scroll label={words.rules.fees}>
          <table>
            <thead>
              <tr>
                <th scope="col">{columns.number}</th>
                <th scope="col" className="end">
                  {columns.amount}
                </th>
                <th scope="col">{columns.resolvedOn}</th>
                <th scope="col">{columns.from}</th>
                <th scope="col">{columns.to}</th>
                <th scope="col">{columns.by}</th>
              </tr>
            </thead>
            <tbody>
              {[...items].reverse().map((each) => (
                <tr key={each.number}>
                  <th scope="row">
                    <Said>{each.number}</Said> {each.inForce ? <Badge tone="good">{words.rules.inForce}</Badge> : null} {each.illustrative ? <Badge tone="warn">{words.rules.illustrative}</Badge> : null}
                  </th>
                  <td className="end">
                    <Amount value={each.amount} bare />
                  </td>
                  <td>
                    <Num>{each.resolvedOn}</Num>
                  </td>
                  <td>
                    <Num>{each.from}</Num>
                  </td>
                  <td>
                    <Until to={each.to} />
                  </td>
                  <td>
                    <By by={each.recordedBy} confirmedBy={each.confirmedBy} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {proposals.length > 0 ? <h3>{words.rules.proposals}</h3> : null}
      {proposals.map((proposal) => (
        <FeeProposed key={proposal.proposal} proposal={proposal} reload={reload} />
      ))}
      {operator.role === 'admin' ? <NewFee done={reload} /> : null}
    </section>
  );
}

function FeeProposed({ proposal, reload }: { proposal: FeeProposal; reload: () => void }) {
  const words = useWords();
  const { operator } = useSession();
  const own = proposal.proposedBy.id === operator.id;
  return (
    <div className="proposal">
      <p>
        <strong>
          <Said>{proposal.number}</Said>
        </strong>
        : <Amount value={proposal.amount} />، {words.rules.columns.resolvedOn} <Num>{proposal.resolvedOn}</Num>، <Span from={proposal.from} to={proposal.to} />{' '}
        <span className="quiet">
          <Said>{proposal.proposedBy.name}</Said> <Moment at={proposal.proposedAt} />
        </span>
      </p>
      {operator.role === 'admin' ? (
        <>
          {own ? (
            <p className="quiet">{words.rules.own}</p>
          ) : (
            <Act title={words.rules.confirmFee} help={words.rules.recordHelp} label={words.rules.confirmFee} perform={() => post(`/fee-resolutions/${proposal.proposal}/confirmation`, {})} done={reload} open />
          )}
          <Act title={words.rules.withdraw} label={words.rules.withdraw} perform={() => call('DELETE', `/fee-resolutions/${proposal.proposal}`)} done={reload} danger />
        </>
      ) : null}
    </div>
  );
}

function NewFee({ done }: { done: () => void }) {
  const words = useWords();
  const figures = useFigures();
  const [number, setNumber] = useState('');
  const [amount, setAmount] = useState('');
  const [resolvedOn, setResolvedOn] = useState('');
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [meant, setMeant] = useState(false);
  const day = (typed: string): string | null => {
    const parsed = parseDay(typed, todayInTehran());
    return parsed ? dayText(parsed) : null;
  };
  const rials = Number(onlyDigits(amount));
  const plain = /^[\d,٬\s]+$/.test(latinDigits(amount)) && Number.isSafeInteger(rials) && rials > 0;
  return (
    <Act
      title={words.rules.record}
      help={words.rules.recordHelp}
      label={words.rules.recordDo}
      ready={number.trim() !== '' && plain && day(resolvedOn) !== null && day(from) !== null && (to === '' || day(to) !== null)}
      perform={() => post('/fee-resolutions', { number, amount: rials, resolvedOn: day(resolvedOn), from: day(from), to: to === '' ? null : day(to), ...(meant && { meant }) })}
      done={done}
    >
      <div className="form-grid">
        <Field label={words.rules.columns.number} value={number} onChange={setNumber} maxLength={60} />
        <Field label={words.rules.columns.amount} value={amount} onChange={setAmount} onBlur={() => (plain ? setAmount(figures(grouped(rials))) : undefined)} figures maxLength={20} />
        <DayField label={words.rules.columns.resolvedOn} value={resolvedOn} onChange={setResolvedOn} />
        <DayField label={words.rules.columns.from} value={from} onChange={setFrom} />
        <DayField label={words.rules.columns.to} value={to} onChange={setTo} help={words.rules.furtherNotice} optional />
      </div>
      <label className="check">
        <input type="checkbox" checked={meant} onChange={(event) => setMeant(event.target.checked)} />
        {words.rules.meantFee}
      </label>
    </Act>
  );
}

function TermsSection({ terms }: { terms: ServiceTermsOf }) {
  const words = useWords();
  const figures = useFigures();
  const { termNames } = words.rules;
  const hours = (n: number): string => words.rules.hours(figures(n));
  const rows: [string, React.ReactNode][] = [
    [termNames.target, words.rules.minutes(figures(5))],
    [termNames.correctionDue, hours(terms.correction.dueHours)],
    [termNames.approvalAbove, <Amount key="above" value={terms.correction.approvalAbove} />],
    [termNames.escalate, hours(terms.escalateAfterHours)],
    [termNames.remind, terms.remindDaysBeforeClosing.map((n) => words.days(figures(n))).join(words.and) || words.none],
    [termNames.qualification, words.days(figures(terms.qualificationWarnDays))],
    [termNames.outage, words.rules.minutes(figures(terms.outageAfterMinutes))],
    [
      termNames.opening,
      terms.openingHours.map(({ days, from, to }) => `${days === null ? words.rules.workingDays : days.map((day) => words.rules.weekdays[day]).join(words.and)}: ${words.rules.fromTo(figures(from), figures(to))}`).join(words.and),
    ],
    [termNames.stale, Object.entries(terms.staleAfterDays).map(([kind, n]) => `${words.account.feedKinds[kind] ?? kind}: ${words.days(figures(n))}`).join(words.and)],
  ];
  return (
    <section className="panel stacked">
      <h2>{words.rules.terms}</h2>
      <p className="quiet">{words.rules.termsHelp}</p>
      <dl className="facts terms">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
