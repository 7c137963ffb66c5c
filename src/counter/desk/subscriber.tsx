import type { AccountFile } from '../api';
import { dayOfInstant } from '../dates';
import { Amount, Badge, Figure, Notice, Num, Said, useFigures } from '../parts';
import { Link } from '../router';
import { useWords } from '../words';

/** The ledger's balance as the feeds have it: the last bill, less payments and plus adjustments that it did not count. */
function ledgerBalance({ lastBill, payments, adjustments }: AccountFile): number {
  const sum = (rows: readonly { amount: number }[]): number => rows.reduce((total, { amount }) => total + amount, 0);
  return (lastBill?.totalDue ?? 0) - sum(payments) + sum(adjustments);
}

/** Who stands at the counter: the name large, to be said aloud, and what the ledger knows. */
export function Subscriber({ file }: { file: AccountFile }) {
  const words = useWords();
  const figures = useFigures();
  const { account, meter, lastBill, payments, earlierSettlement: earlier, meterState } = file;
  const balance = ledgerBalance(file);
  return (
    <section className="subscriber" aria-labelledby="subscriber-name">
      <p className="quiet say">{words.account.sayAloud}</p>
      <h1 id="subscriber-name">
        <Said>{account.name}</Said>
      </h1>
      <p>
        <Said>{figures(account.address)}</Said>
      </p>
      <dl className="facts">
        <div>
          <dt>{words.account.subscription}</dt>
          <dd>
            <Num>{account.subscription}</Num>
          </dd>
        </div>
        <div>
          <dt>{words.account.billId}</dt>
          <dd>
            <Num>{account.billId}</Num>
          </dd>
        </div>
        <div>
          <dt>{words.account.use}</dt>
          <dd>
            {words.uses[account.use] ?? account.use}
            {account.units > 1 ? (
              <>
                {words.and}
                {words.account.units(figures(account.units))}
              </>
            ) : null}
          </dd>
        </div>
        <div>
          <dt>{words.account.meter}</dt>
          <dd>
            {meter === null ? (
              words.account.noMeter
            ) : (
              <>
                <Num>{meter.serial}</Num>
                {words.and}
                {words.account.meterOf(figures(meter.digits), figures(meter.capacity))}
              </>
            )}
          </dd>
        </div>
        <div>
          <dt>{words.account.lastBill}</dt>
          <dd>
            {lastBill === null ? (
              words.account.noBill
            ) : (
              <>
                {words.account.reading} <Figure value={String(lastBill.toReading)} />
                {words.and}
                <Num>{lastBill.toDate}</Num>
                {lastBill.readingSource === 'staff' ? null : ` (${words.form.sources[lastBill.readingSource]})`}
              </>
            )}
          </dd>
        </div>
        <div>
          <dt>{words.account.arrears}</dt>
          <dd title={words.account.arrearsHelp}>
            <Amount value={Math.abs(balance)} /> {balance < 0 ? words.account.credit : null}
            {payments.length > 0 ? <span className="quiet"> ({words.account.paymentsSince(figures(payments.length))})</span> : null}
          </dd>
        </div>
        <div>
          <dt>{words.account.feeds}</dt>
          <dd>
            <Freshness feeds={file.feeds} />
          </dd>
        </div>
      </dl>
      {earlier === null ? null : (
        <Notice tone="warn">
          <p>
            {words.account.earlier}{' '}
            <Link to={`/settlements/${earlier.id}`}>
              <Num>{earlier.settlementDate}</Num>
            </Link>
            {earlier.reading === null ? null : (
              <>
                {words.and}
                {words.account.reading} <Figure value={String(earlier.reading)} />
              </>
            )}
            {words.and}
            {words.preview.payable} <Amount value={earlier.payable} />. {words.account.earlierHelp}
          </p>
        </Notice>
      )}
      {meterState === null ? null : (
        <Notice tone="warn">
          <p>
            {words.account.meterFound(words.form.meterStates[meterState.state])}{' '}
            <Link to={`/settlements/${meterState.settlement}`}>
              <Num>{meterState.on}</Num>
            </Link>
            . {words.account.meterFoundHelp}
          </p>
        </Notice>
      )}
      {account.closedOn === null ? null : <Notice tone="warn">{words.account.closed(figures(account.closedOn))}</Notice>}
    </section>
  );
}

function Freshness({ feeds }: { feeds: AccountFile['feeds'] }) {
  const words = useWords();
  const ledger = feeds.filter(({ kind }) => kind === 'bills' || kind === 'payments');
  const shown = ledger.length > 0 ? ledger : feeds;
  const stale = feeds.filter((feed) => 'stale' in feed && feed.stale === true);
  return (
    <details className="feeds">
      <summary>
        {stale.length > 0 ? (
          <Badge tone="warn">
            {words.account.feedsStale(stale.map(({ kind }) => words.account.feedKinds[kind] ?? kind).join(words.and))}
          </Badge>
        ) : (
          shown.map(({ kind, asOf }) => (
            <span key={kind} className="feed">
              {words.account.feedKinds[kind] ?? kind} <Num>{asOf}</Num>
            </span>
          ))
        )}
      </summary>
      <ul className="plain">
        {feeds.map(({ kind, asOf, loadedAt }) => (
          <li key={kind}>
            {words.account.feedKinds[kind] ?? kind}: <Num>{asOf}</Num>{' '}
            <span className="quiet">({<Num>{dayOfInstant(loadedAt)}</Num>})</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
