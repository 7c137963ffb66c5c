import { useId } from 'react';
import { Scroll, useFigures } from '../parts';
import { useSpeech, useWords } from '../words';

const WIDTH = 420;
const HEIGHT = 180;
const SIDE = 44;
const FOOT = 30;
const HEAD = 10;
/** Names under the bars stand apart so far that they do not run into each other. */
const NAMES = 7;

export interface Series {
  name: string;
  values: readonly (number | null)[];
}

/**
 * Bars of one or two series over groups, drawn in the reading direction; null is nothing to show, not nought. The same
 * figures stand in a table behind it, which is what a screen reader gets.
 */
export function Chart({
  title,
  groups,
  series,
  format,
  top,
  least = 0,
  mark,
  open,
}: {
  title: string;
  /** under the bars, in their order */
  groups: readonly string[];
  series: readonly Series[];
  format: (value: number) => string;
  /** the highest value of the axis; the data's when absent */
  top?: number;
  /** the axis reaches this value at least: below it names repeat themselves */
  least?: number;
  /** a line across, with its name */
  mark?: { at: number; name: string };
  /** what a press on a group's bar opens; the same stands in the page's own table for keys */
  open?: (index: number) => void;
}) {
  const { words, language } = useSpeech();
  const figures = useFigures();
  const id = useId();
  const all = series.flatMap(({ values }) => values.filter((value) => value !== null));
  const highest = top ?? niceTop(Math.max(least, ...all, ...(mark && Math.max(0, ...all) > mark.at / 4 ? [mark.at] : [])));
  const rtl = language === 'fa';
  const inner = WIDTH - SIDE - 8;
  const slot = inner / Math.max(1, groups.length);
  const bar = Math.min(34, (slot * 0.7) / series.length);
  const y = (value: number): number => HEAD + (HEIGHT - HEAD - FOOT) * (1 - Math.min(1, highest === 0 ? 0 : value / highest));
  // the axis stands where reading begins
  const x = (from: number): number => (rtl ? WIDTH - SIDE - from : SIDE + from);
  const every = Math.ceil(groups.length / NAMES);
  const ticks = [0, 0.5, 1].map((part) => part * highest);
  return (
    <figure className="chart" aria-labelledby={id}>
      <figcaption id={id}>
        <h3>{title}</h3>
        {series.length > 1 ? (
          <span className="legend quiet">
            {series.map(({ name }, n) => (
              <span key={name}>
                <span className={`swatch series-${n}`} aria-hidden="true" /> {name}
              </span>
            ))}
          </span>
        ) : null}
      </figcaption>
      {all.length === 0 ? (
        <p className="empty">{words.indicators.nothing}</p>
      ) : (
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" className="plot">
          {ticks.map((value) => (
            <g key={value}>
              <line x1={x(0)} x2={x(inner)} y1={y(value)} y2={y(value)} className="grid" />
              <text
                x={rtl ? WIDTH - SIDE + 6 : SIDE - 6}
                y={y(value) + 4}
                className="tick"
                style={{ textAnchor: rtl ? 'start' : 'end' }}
                direction="ltr"
              >
                {figures(format(value))}
              </text>
            </g>
          ))}
          {mark && mark.at <= highest ? (
            <g>
              <line x1={x(0)} x2={x(inner)} y1={y(mark.at)} y2={y(mark.at)} className="mark" />
            </g>
          ) : null}
          {groups.map((group, at) => {
            const middle = slot * (at + 0.5);
            return (
              <g key={group + String(at)} {...(open && { onClick: () => open(at), className: 'pressed' })}>
                <title>{`${figures(group)}: ${series.map(({ name, values }) => `${series.length > 1 ? `${name} ` : ''}${values[at] === null || values[at] === undefined ? '—' : figures(format(values[at]))}`).join(words.and)}`}</title>
                <rect
                  x={Math.min(x(slot * at), x(slot * (at + 1)))}
                  y={HEAD}
                  width={slot}
                  height={HEIGHT - HEAD - FOOT}
                  className="reach"
                />
                {series.map(({ name, values }, n) => {
                  const value = values[at];
                  if (value === null || value === undefined) return null;
                  const from = middle + (n - series.length / 2) * bar;
                  const height = HEIGHT - FOOT - y(value);
                  return (
                    <rect
                      key={name}
                      x={Math.min(x(from), x(from + bar)) + 1}
                      y={height < 1 ? y(0) - 1 : y(value)}
                      width={Math.max(1, bar - 2)}
                      height={Math.max(1, height)}
                      rx="2"
                      className={`bar series-${n}`}
                    />
                  );
                })}
                {at % every === 0 ? (
                  <text x={x(middle)} y={HEIGHT - FOOT + 18} className="tick" style={{ textAnchor: 'middle' }} direction="ltr">
                    {figures(group)}
                  </text>
                ) : null}
              </g>
            );
          })}
        </svg>
      )}
      {mark && mark.at <= highest && all.length > 0 ? (
        <p className="quiet small-print">
          <span className="swatch line" aria-hidden="true" /> {mark.name}
        </p>
      ) : null}
      {all.length === 0 ? null : (
        <details>
          <summary>{words.indicators.asTable}</summary>
          <Scroll label={title}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{words.indicators.group}</th>
                  {series.map(({ name }) => (
                    <th key={name} scope="col" className="end">
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {groups.map((group, at) => (
                  <tr key={group + String(at)}>
                    <th scope="row">
                      <bdi>{figures(group)}</bdi>
                    </th>
                    {series.map(({ name, values }) => (
                      <td key={name} className="end">
                        <Value value={values[at] ?? null} format={format} />
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        </details>
      )}
    </figure>
  );
}

function Value({ value, format }: { value: number | null; format: (value: number) => string }) {
  const words = useWords();
  const figures = useFigures();
  return value === null ? <>{words.none}</> : <bdi dir="ltr">{figures(format(value))}</bdi>;
}

/** The next 1, 2 or 5 with noughts, in whole numbers: an axis that people read at a glance. */
export function niceTop(value: number): number {
  if (value <= 2) return 2;
  const ten = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 6, 8, 10].map((n) => n * ten).find((step) => step >= value) ?? value;
}
