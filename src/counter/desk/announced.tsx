import { useEffect, useRef, useState } from 'react';
import { Button } from 'react-aria-components';
import { call, type Settlement, untilAnswered } from '../api';
import { clockText } from '../clock';
import { follow } from '../follow';
import { useKeys } from '../keys';
import { useLoaded } from '../loading';
import { Amount, Badge, Field, Notice, Num, Said, Select, Trouble, useFigures, Waiting } from '../parts';
import { grouped } from '../digits';
import { PaperChoice, printBill } from '../print';
import { go, Link, useAddress } from '../router';
import { useWords } from '../words';

/** The announced balance, large; print, hand over, next. */
export function AnnouncedPage({ id }: { id: string }) {
  const { value: settlement, error, reload } = useLoaded<Settlement>(`/settlements/${id}`);
  useKeys({ clear: () => go('/') });
  const waiting = settlement !== null && settlement.announcedAt === null;
  useEffect(() => (waiting ? follow(id, reload) : undefined), [waiting, id, reload]);
  if (settlement === null) return error === null ? <Waiting /> : <Trouble error={error} retry={reload} />;
  return <Announced settlement={settlement} reload={reload} />;
}

function Announced({ settlement, reload }: { settlement: Settlement; reload: () => void }) {
  const words = useWords();
  const figures = useFigures();
  const again = useAddress().searchParams.has('again');
  const { id, bill, account, facts, delivery, elapsedMs, withinTarget } = settlement;
  const print = (): void => printBill(id);
  const [handing, setHanding] = useState(false);
  const hand = (): void => {
    if (delivery === null) setHanding(true);
  };
  useKeys({ print, handOver: hand });
  const first = useRef<HTMLHeadingElement>(null);
  useEffect(() => first.current?.focus(), []);

  if (bill === null) return <Waiting>{words.form.following}</Waiting>;
  return (
    <section className="announced panel">
      <h1 ref={first} tabIndex={-1}>
        {again ? words.announced.alreadyTitle : words.announced.title}
      </h1>
      <p className="announced-name">
        <Said>{account?.name ?? facts.applicant.name}</Said>
      </p>
      <p className="announced-amount">
        {bill.total < 0 ? (
          words.announced.credit(figures(grouped(-bill.total)))
        ) : bill.payable === 0 ? (
          words.announced.nothingToPay
        ) : (
          <>
            <span className="quiet">{words.announced.payable}</span> <Amount value={bill.payable} />
          </>
        )}
      </p>
      <p className="badges">
        {elapsedMs === null ? null : (
          <Badge tone={withinTarget === false ? 'bad' : 'good'}>
            {words.announced.took(figures(clockText(elapsedMs)))}
            {words.and}
            {withinTarget === false ? words.announced.late : words.announced.inTime}
          </Badge>
        )}
        <Badge tone={bill.definitive ? 'good' : 'info'}>{bill.definitive ? words.preview.definitive : words.preview.onAccount}</Badge>
        {bill.illustrative ? <Badge tone="warn">{words.preview.illustrative}</Badge> : null}
      </p>
      <dl className="facts">
        <div>
          <dt>{words.announced.bill}</dt>
          <dd>
            <Num>{bill.number}</Num>
          </dd>
        </div>
        <div>
          <dt>{words.account.billId}</dt>
          <dd>
            <Num>{bill.billId}</Num>
          </dd>
        </div>
        {bill.payments.map(({ paymentId, amount }) => (
          <div key={paymentId}>
            <dt>{words.announced.paymentId}</dt>
            <dd>
              <Num>{paymentId}</Num>
              {bill.payments.length > 1 ? (
                <>
                  {' '}
                  (<Amount value={amount} />)
                </>
              ) : null}
            </dd>
          </div>
        ))}
        <div>
          <dt>{words.preview.carry}</dt>
          <dd>
            <Amount value={bill.carry} />
          </dd>
        </div>
      </dl>
      {bill.fee ? <p className="quiet">{words.preview.fee(figures(grouped(bill.fee.amount)))}</p> : null}
      {delivery === null ? null : (
        <Notice tone="good" live>
          {words.announced.handedTo(delivery.deliveredTo, words.announced.channels[delivery.channel] ?? delivery.channel)}
        </Notice>
      )}
      <p className="buttons">
        <Button className="button primary" onPress={print}>
          {words.announced.print} <kbd dir="ltr">Alt+P</kbd>
        </Button>
        {delivery === null && !handing ? (
          <Button className="button" onPress={hand}>
            {words.announced.handOver} <kbd dir="ltr">Alt+H</kbd>
          </Button>
        ) : null}
        <Button className="button" onPress={() => go('/')}>
          {words.announced.next} <kbd dir="ltr">Esc</kbd>
        </Button>
        <Link to={`/settlements/${id}`} className="button bare">
          {words.announced.open}
        </Link>
      </p>
      <div className="paper">
        <PaperChoice />
      </div>
      {handing && delivery === null ? <HandOver settlement={settlement} done={reload} /> : null}
    </section>
  );
}

/** To whom, and how; to the applicant at the counter unless something else is said. */
export function HandOver({ settlement: { id, facts }, done, focus = true }: { settlement: Settlement; done: () => void; focus?: boolean }) {
  const words = useWords();
  const [to, setTo] = useState(facts.applicant.name);
  const [channel, setChannel] = useState('counter');
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const leaving = useRef<AbortController | null>(null);
  useEffect(() => () => leaving.current?.abort(), []);
  const send = (): void => {
    if (busy) return;
    setBusy(true);
    const sending = new AbortController();
    leaving.current = sending;
    // a second record of the same hand-over is none
    const sent = () =>
      call<Settlement>('POST', `/settlements/${id}/delivery`, { body: { deliveredTo: to, channel }, signal: sending.signal });
    untilAnswered(sent, sending.signal).then(done, (problem: unknown) => {
      if (sending.signal.aborted) return;
      setError(problem);
      setBusy(false);
    });
  };
  useKeys({ issue: send });
  return (
    <form
      className="hand-over"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Field label={words.announced.handOverTo} value={to} onChange={setTo} autoFocus={focus} maxLength={120} />
      <Select label={words.announced.channel} value={channel} onChange={setChannel} options={words.announced.channels} />
      <Button type="submit" className="button primary" isDisabled={busy || to.trim().length < 2}>
        {words.announced.handOver} <kbd dir="ltr">Enter</kbd>
      </Button>
      {error === null ? null : <Trouble error={error} retry={send} />}
    </form>
  );
}
