import type { Payment } from '../api';
import { List } from '../list';
import { usePages } from '../loading';
import { Amount, Badge, Moment, Num, Scroll, Select, type Tone } from '../parts';
import { go, Link, useAddress } from '../router';
import { useSession } from '../session';
import { useWords } from '../words';

const TONES: Record<Payment['outcome'], Tone | undefined> = { matched: 'good', void: 'warn', unknown: 'bad', ledger: undefined };

/** Payments that billing reported by call; those of no slip and no ledger are kept aside and shown first. */
export default function Payments() {
  const words = useWords();
  const { operator } = useSession();
  const { searchParams } = useAddress();
  const outcome = searchParams.get('outcome') ?? 'unknown';
  const pages = usePages<Payment>(`/billing/payments?limit=100${outcome === 'all' ? '' : `&outcome=${encodeURIComponent(outcome)}`}`);
  const { columns } = words.payments;
  return (
    <section className="list">
      <div className="list-head">
        <h1>{words.payments.title}</h1>
        <p className="quiet">{outcome === 'unknown' ? words.payments.unknownHelp : words.payments.help}</p>
        <search className="filters" aria-label={words.list.filters}>
          <Select
            label={words.payments.outcome}
            value={outcome}
            onChange={(value) => go(`/payments?outcome=${value}`, { replace: true })}
            options={{ ...words.payments.outcomes, all: words.list.all }}
          />
        </search>
      </div>
      <List pages={pages} empty={outcome === 'unknown' ? words.payments.noneUnknown : words.payments.empty}>
        {(items) => (
          <Scroll label={words.payments.title}>
            <table className="wide">
              <thead>
                <tr>
                  <th scope="col">{columns.reference}</th>
                  <th scope="col">{columns.subscription}</th>
                  <th scope="col">{columns.paymentId}</th>
                  <th scope="col">{columns.paidOn}</th>
                  <th scope="col" className="end">
                    {words.preview.amount}
                  </th>
                  <th scope="col">{columns.outcome}</th>
                  <th scope="col">{columns.recorded}</th>
                </tr>
              </thead>
              <tbody>
                {items.map((payment) => (
                  <tr key={payment.reference}>
                    <th scope="row">
                      <Num>{payment.reference}</Num>
                    </th>
                    <td>
                      <Num>{payment.subscription}</Num>
                    </td>
                    <td>
                      <Num>{payment.paymentId}</Num>
                    </td>
                    <td>
                      <Num>{payment.paidOn}</Num>
                    </td>
                    <td className="end">
                      <Amount value={payment.amount} bare />
                      {payment.ledger !== null && payment.ledger.amount !== payment.amount ? (
                        <span className="bad-text">
                          {' '}
                          {words.payments.ledger}: <Amount value={payment.ledger.amount} bare />
                        </span>
                      ) : null}
                    </td>
                    <td>
                      <Badge tone={TONES[payment.outcome]}>{words.payments.outcomes[payment.outcome]}</Badge>{' '}
                      {payment.settlement === null ? null : operator.role === 'billing' ? (
                        <Num>{payment.settlement}</Num>
                      ) : (
                        <Link to={`/settlements/${payment.settlement}`}>
                          <Num>{payment.settlement}</Num>
                        </Link>
                      )}
                    </td>
                    <td>
                      <Moment at={payment.recordedAt} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
      </List>
    </section>
  );
}
