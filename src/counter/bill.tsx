import { Fragment, useState } from 'react';
import { ToggleButton } from 'react-aria-components';
import type { Debt, Line } from './api';
import { useKeys } from './keys';
import { Amount, Badge, Figure, Num, Said, useFigures } from './parts';
import { grouped } from './digits';
import { useWords } from './words';

/** A computed debt line by line, each with its explanation on demand, and what it comes to. */
export function Bill({ debt }: { debt: Debt }) {
  const words = useWords();
  const figures = useFigures();
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const all = open.size === debt.lines.length;
  const toggle = (at: number): void => {
    const next = new Set(open);
    if (!next.delete(at)) next.add(at);
    setOpen(next);
  };
  const toggleAll = (): void => setOpen(all ? new Set() : new Set(debt.lines.keys()));
  useKeys({ explain: toggleAll });

  return (
    <div className="bill">
      <dl className="sums">
        <div className="payable">
          <dt>{words.preview.payable}</dt>
          <dd>
            <Amount value={debt.payable} />
          </dd>
        </div>
        <div>
          <dt>{words.preview.total}</dt>
          <dd>
            <Amount value={debt.total} />
          </dd>
        </div>
        <div>
          <dt>{words.preview.carry}</dt>
          <dd>
            <Amount value={debt.carry} />
          </dd>
        </div>
        {debt.previousReading ? (
          <div>
            <dt>{words.preview.consumption}</dt>
            <dd>
              <Figure value={debt.consumption} /> {words.cubicMetre}
              {words.and}
              {words.days(figures(debt.days))}
            </dd>
          </div>
        ) : null}
      </dl>
      <p className="badges">
        <Badge tone={debt.definitive ? 'good' : 'info'}>{debt.definitive ? words.preview.definitive : words.preview.onAccount}</Badge>
        {debt.illustrative ? <Badge tone="warn">{words.preview.illustrative}</Badge> : null}
      </p>
      <div className="table-head">
        <ToggleButton className="button small bare" isSelected={all} onChange={toggleAll}>
          {words.preview.explainAll}
        </ToggleButton>
      </div>
      <table className="lines">
        <thead>
          <tr>
            <th scope="col">{words.preview.line}</th>
            <th scope="col" className="end">
              {words.preview.quantity} × {words.preview.rate}
            </th>
            <th scope="col" className="end">
              {words.preview.amount}
            </th>
          </tr>
        </thead>
        <tbody>
          {debt.lines.map((line, at) => (
            <Fragment key={at}>
              <tr>
                <th scope="row">
                  <ToggleButton className="explain" isSelected={open.has(at)} onChange={() => toggle(at)} aria-expanded={open.has(at)}>
                    <Said>{figures(line.label)}</Said>
                  </ToggleButton>
                </th>
                <td className="end quiet">
                  <Times line={line} />
                </td>
                <td className="end">
                  <Amount value={line.amount} bare />
                </td>
              </tr>
              {open.has(at) ? (
                <tr className="basis">
                  <td colSpan={3}>
                    {line.from !== null && line.to !== null ? (
                      <>
                        <Num>{line.from}</Num> {words.preview.to} <Num>{line.to}</Num>
                        {line.days === null ? null : (
                          <>
                            {words.and}
                            {words.days(figures(line.days))}
                          </>
                        )}
                        <br />
                      </>
                    ) : null}
                    <Said>{figures(line.basis)}</Said>
                  </td>
                </tr>
              ) : null}
            </Fragment>
          ))}
        </tbody>
      </table>
      {debt.fee ? <p className="quiet small-print">{words.preview.fee(figures(grouped(debt.fee.amount)))}</p> : null}
    </div>
  );
}

function Times({ line: { quantity, unit, rate } }: { line: Line }) {
  const words = useWords();
  if (quantity === null || rate === null) return null;
  return (
    <>
      <Figure value={quantity} /> {unit ? words.preview.units[unit] : null} × <Figure value={rate} />
    </>
  );
}
