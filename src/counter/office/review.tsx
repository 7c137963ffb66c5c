import { useState } from 'react';
import { Button } from 'react-aria-components';
import { call, get, post, type TariffProposal, type TariffReview } from '../api';
import { grouped } from '../digits';
import { Amount, Badge, Moment, Num, Said, Scroll, Select, Trouble, useFigures } from '../parts';
import { useSession } from '../session';
import { Act } from '../settlement/act';
import { useSpeech, useWords } from '../words';
import { Differences } from './differences';

export function Span({ from, to }: { from: string; to: string | null }) {
  const words = useWords();
  return (
    <>
      {words.preview.from} <Num>{from}</Num>{' '}
      {to === null ? (
        words.rules.furtherNotice
      ) : (
        <>
          {words.preview.to} <Num>{to}</Num>
        </>
      )}
    </>
  );
}

/** What is unlikely and can be right all the same is proposed only when somebody says so. */
export function MeantSo({ review, meant, setMeant }: { review: TariffReview | null; meant: boolean; setMeant: (meant: boolean) => void }) {
  const words = useWords();
  if (review === null || review.doubts.length === 0) return null;
  return (
    <label className="check">
      <input type="checkbox" checked={meant} onChange={(event) => setMeant(event.target.checked)} />
      {words.rules.meant}
    </label>
  );
}

/** What another has proposed: to be looked at as a whole before it is published. */
export function TariffProposed({ proposal, done }: { proposal: TariffProposal; done: (affected: number | null) => void }) {
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
        {proposal.change ? <Badge tone="info">{words.terms.isChange}</Badge> : null}{' '}
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
            <Review review={proposal.change ? { ...review, samples: [] } : review} />
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
          <Act
            title={words.rules.withdraw}
            label={words.rules.withdraw}
            perform={() => call('DELETE', `${address}/proposal`)}
            done={() => done(null)}
            danger
          />
        </>
      ) : null}
    </div>
  );
}

/** Every finding, and sample bills old against new. */
export function Review({ review }: { review: TariffReview }) {
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
        <Badge tone={review.valid ? 'good' : 'bad'}>
          {review.valid ? words.rules.valid : words.rules.faults(figures(review.faults.length))}
        </Badge>
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
              {[
                ...review.faults.map((found) => ({ ...found, tone: 'bad' as const })),
                ...review.warnings.map((found) => ({ ...found, tone: 'warn' as const })),
              ].map(({ path, code, title, detail, tone }, n) => (
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
      {review.differences.length === 0 ? null : (
        <>
          <h3>{words.terms.differences}</h3>
          <Differences differences={review.differences} />
        </>
      )}
      {review.samples.length === 0 ? null : <Samples review={review} />}
    </div>
  );
}

/** Persian with names of the document in it, which run from left to right and keep their digits. */
function Mixed({ text }: { text: string }) {
  const figures = useFigures();
  return (
    <>
      {text.split(/([A-Za-z][\w.[\]-]*)/).map((part, i) =>
        i % 2 === 0 ? (
          figures(part)
        ) : (
          <bdi key={i} dir="ltr">
            {part}
          </bdi>
        ),
      )}
    </>
  );
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
        {uses.length > 1 ? (
          <Select
            label={words.rules.use}
            value={use}
            onChange={setUse}
            options={Object.fromEntries(uses.map((each) => [each, words.uses[each] ?? each]))}
          />
        ) : null}
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
                        {rial(differenceRial)}{' '}
                        {percent === null ? null : (
                          <span className="quiet">
                            <Num>{`${percent.replace('-', '−')}%`}</Num>
                          </span>
                        )}
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
