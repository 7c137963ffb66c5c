import { useId, useRef, useState } from 'react';
import { call, type FeeProposal, type FeeResolutions, post, type TariffReview, type Tariffs } from '../api';
import { dayText, parseDay, todayInTehran } from '../dates';
import { grouped, latinDigits, onlyDigits } from '../digits';
import { useLoaded } from '../loading';
import { Amount, Badge, DayField, Field, Moment, Notice, Num, Said, Scroll, Trouble, useFigures, Waiting } from '../parts';
import { useSession } from '../session';
import { Act } from '../settlement/act';
import { useWords } from '../words';
import { MeantSo, Review, Span, TariffProposed } from './review';
import { NewSteps } from './step-table';

/** Everything rated is data: tariffs and the board's resolutions on the fee. Two administrators change it. */
export default function Rules() {
  const words = useWords();
  const tariffs = useLoaded<Tariffs>('/tariffs');
  const fees = useLoaded<FeeResolutions>('/fee-resolutions');
  return (
    <section className="list rules">
      <h1>{words.rules.title}</h1>
      {tariffs.error === null ? null : <Trouble error={tariffs.error} retry={tariffs.reload} />}
      {tariffs.value === null ? (
        tariffs.error === null ? (
          <Waiting />
        ) : null
      ) : (
        <TariffSection tariffs={tariffs.value} reload={tariffs.reload} />
      )}
      {fees.error === null ? null : <Trouble error={fees.error} retry={fees.reload} />}
      {fees.value === null ? null : <FeeSection fees={fees.value} reload={fees.reload} />}
    </section>
  );
}

function Until({ to }: { to: string | null }) {
  const words = useWords();
  return to === null ? <span className="quiet">{words.rules.furtherNotice}</span> : <Num>{to}</Num>;
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
                  <Said>{figures(tariff.title)}</Said> {tariff.inForce ? <Badge tone="good">{words.rules.inForce}</Badge> : null}{' '}
                  {tariff.illustrative ? <Badge tone="warn">{words.rules.illustrative}</Badge> : null}
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
      {admin ? <NewSteps versions={items.map(({ version }) => version)} done={reload} /> : null}
    </section>
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
      <MeantSo review={review} meant={meant} setMeant={setMeant} />
    </Act>
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
                    <Said>{each.number}</Said> {each.inForce ? <Badge tone="good">{words.rules.inForce}</Badge> : null}{' '}
                    {each.illustrative ? <Badge tone="warn">{words.rules.illustrative}</Badge> : null}
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
        : <Amount value={proposal.amount} />، {words.rules.columns.resolvedOn} <Num>{proposal.resolvedOn}</Num>،{' '}
        <Span from={proposal.from} to={proposal.to} />{' '}
        <span className="quiet">
          <Said>{proposal.proposedBy.name}</Said> <Moment at={proposal.proposedAt} />
        </span>
      </p>
      {operator.role === 'admin' ? (
        <>
          {own ? (
            <p className="quiet">{words.rules.own}</p>
          ) : (
            <Act
              title={words.rules.confirmFee}
              help={words.rules.recordHelp}
              label={words.rules.confirmFee}
              perform={() => post(`/fee-resolutions/${proposal.proposal}/confirmation`, {})}
              done={reload}
              open
            />
          )}
          <Act
            title={words.rules.withdraw}
            label={words.rules.withdraw}
            perform={() => call('DELETE', `/fee-resolutions/${proposal.proposal}`)}
            done={reload}
            danger
          />
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
      perform={() =>
        post('/fee-resolutions', {
          number,
          amount: rials,
          resolvedOn: day(resolvedOn),
          from: day(from),
          to: to === '' ? null : day(to),
          ...(meant && { meant }),
        })
      }
      done={done}
    >
      <div className="form-grid">
        <Field label={words.rules.columns.number} value={number} onChange={setNumber} maxLength={60} />
        <Field
          label={words.rules.columns.amount}
          value={amount}
          onChange={setAmount}
          onBlur={() => (plain ? setAmount(figures(grouped(rials))) : undefined)}
          figures
          maxLength={20}
        />
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
