import { useState } from 'react';
import { call, post, type Settlement } from '../api';
import { HandOver } from '../desk/announced';
import { dayText, parseDay, todayInTehran } from '../dates';
import { latinDigits } from '../digits';
import { Amount, DayField, Field, Moment, Notice, Said, useFigures } from '../parts';
import { go } from '../router';
import { useSession } from '../session';
import { useWords } from '../words';
import { Act, isReason, Note } from './act';

/** What one's role may do now. The API decides again, and its refusals say why. */
export function ActionsSection({ settlement, reload }: { settlement: Settlement; reload: () => void }) {
  const words = useWords();
  const { operator } = useSession();
  const { status, bill, delivery, errors, clerk, postings, refund } = settlement;
  const supervisor = operator.role === 'supervisor';
  const standing = bill !== null && status !== 'cancelled';
  const issuedHere = clerk.id === operator.id;
  const taken = postings.some((each) => each.status === 'taken');
  const override = errors.find(({ severity, override: given }) => severity === 'override' && !given);

  const acts = [
    standing && delivery === null && operator.role === 'clerk' ? (
      <HandOver key="hand-over" settlement={settlement} done={reload} focus={false} />
    ) : null,
    status === 'rejected' && override && supervisor ? (
      <Override key="override" settlement={settlement} code={override.code} reload={reload} />
    ) : null,
    standing && supervisor && status !== 'settled' && !taken ? (
      issuedHere ? (
        <p key="own" className="quiet">
          {words.settlement.secondPerson}
        </p>
      ) : (
        <WithReason
          key="cancel"
          title={words.settlement.cancelTitle}
          help={words.settlement.cancelHelp}
          label={words.settlement.cancelDo}
          address={`/settlements/${settlement.id}/cancellation`}
          reload={reload}
          danger
        />
      )
    ) : null,
    // asked for again when a correction has changed the credit
    standing && supervisor && bill.total < 0 && (refund === null || (refund.confirmedBy === null && refund.amount !== -bill.total)) ? (
      <WithReason
        key="refund"
        title={words.settlement.refundTitle}
        help={words.settlement.refundHelp}
        label={words.settlement.refundDo}
        address={`/settlements/${settlement.id}/refund`}
        reload={reload}
      />
    ) : null,
    standing &&
    (supervisor || operator.role === 'approver') &&
    refund !== null &&
    refund.confirmedBy === null &&
    refund.amount === -bill.total &&
    refund.requestedBy !== operator.id ? (
      <Act
        key="confirm-refund"
        title={words.settlement.refundConfirm}
        help={words.settlement.refundConfirmHelp}
        label={words.settlement.refundConfirm}
        perform={() => post(`/settlements/${settlement.id}/refund/confirmation`, {})}
        done={reload}
      />
    ) : null,
    supervisor &&
    settlement.announcedAt !== null &&
    (status === 'cancelled' || status === 'settled' || status === 'delivered' || status === 'handedOver') ? (
      <Successor key="successor" settlement={settlement} />
    ) : null,
  ].filter((act) => act !== null);

  return (
    <section className="panel" aria-labelledby="actions-title">
      <h2 id="actions-title">{words.settlement.actions}</h2>
      {refund === null ? null : <RefundState refund={refund} />}
      {acts.length === 0 ? <p className="quiet">{words.settlement.nothingToDo}</p> : acts}
    </section>
  );
}

function RefundState({
  refund: { amount, reason, requestedBy, requestedAt, confirmedBy, confirmedAt },
}: {
  refund: NonNullable<Settlement['refund']>;
}) {
  const words = useWords();
  return (
    <Notice tone={confirmedBy === null ? 'warn' : 'info'}>
      <p>
        {confirmedBy === null ? words.settlement.refundWaits : words.settlement.refundConfirmed} <Amount value={amount} />
      </p>
      <p className="small-print">
        {words.settlement.refundBy} <Said>{requestedBy}</Said> <Moment at={requestedAt} />: <Said>{reason}</Said>
        {confirmedBy === null || confirmedAt === null ? null : (
          <>
            {words.and}
            {words.settlement.confirmedBy} <Said>{confirmedBy}</Said> <Moment at={confirmedAt} />
          </>
        )}
      </p>
    </Notice>
  );
}

function WithReason({
  title,
  help,
  label,
  address,
  reload,
  danger = false,
}: {
  title: string;
  help: string;
  label: string;
  address: string;
  reload: () => void;
  danger?: boolean;
}) {
  const words = useWords();
  const [reason, setReason] = useState('');
  return (
    <Act
      title={title}
      help={help}
      label={label}
      danger={danger}
      ready={isReason(reason)}
      perform={() => post(address, { reason })}
      done={reload}
    >
      <Note label={words.settlement.reason} value={reason} onChange={setReason} />
    </Act>
  );
}

function Override({ settlement, code, reload }: { settlement: Settlement; code: string; reload: () => void }) {
  const words = useWords();
  const [reason, setReason] = useState('');
  return (
    <Act
      title={words.settlement.overrideTitle}
      help={words.settlement.overrideHelp}
      label={words.settlement.overrideDo}
      ready={isReason(reason)}
      perform={() => post(`/settlements/${settlement.id}/overrides`, { code, reason, reading: settlement.facts.reading })}
      done={reload}
      open
    >
      <Note label={words.settlement.reason} value={reason} onChange={setReason} />
    </Act>
  );
}

/** A further settlement of the same subscriber and date: the facts of this one with what has changed. */
function Successor({ settlement: { id, facts } }: { settlement: Settlement }) {
  const words = useWords();
  const figures = useFigures();
  const [reason, setReason] = useState('');
  const [reading, setReading] = useState(facts.reading === null ? '' : figures(facts.reading));
  const [nationalId, setNationalId] = useState('');
  const [newName, setNewName] = useState(facts.newSubscriber?.name ?? '');
  const [newId, setNewId] = useState('');
  const [newFrom, setNewFrom] = useState(figures(facts.newSubscriber?.from ?? facts.settlementDate));
  const from = parseDay(newFrom, todayInTehran());
  const perform = async (): Promise<void> => {
    const { value } = await call<Settlement>('POST', `/settlements/${id}/successor`, {
      body: {
        reason,
        subscription: facts.subscription,
        settlementDate: facts.settlementDate,
        reading: facts.readingSource === 'none' ? null : latinDigits(reading).trim(),
        readingSource: facts.readingSource,
        meterState: facts.meterState,
        purpose: facts.purpose,
        applicant: { ...facts.applicant, nationalId },
        documents: facts.documents,
        confirmations: facts.confirmations,
        ...(newName.trim() !== '' && {
          newSubscriber: { name: newName, nationalId: newId, from: from ? dayText(from) : latinDigits(newFrom) },
        }),
      },
    });
    go(`/settlements/${value.id}`);
  };
  return (
    <Act
      title={words.settlement.successorTitle}
      help={words.settlement.successorHelp}
      label={words.settlement.successorDo}
      ready={isReason(reason)}
      perform={perform}
      done={() => undefined}
    >
      <div className="form-grid">
        {facts.readingSource === 'none' ? null : (
          <Field label={words.form.reading} value={reading} onChange={setReading} figures maxLength={12} />
        )}
        <Field label={words.form.nationalId} value={nationalId} onChange={setNationalId} figures maxLength={20} />
        {facts.newSubscriber === null ? null : (
          <>
            <Field label={words.form.newOwnerName} value={newName} onChange={setNewName} maxLength={120} />
            <Field label={words.form.nationalId} value={newId} onChange={setNewId} figures maxLength={20} />
            <DayField label={words.form.newOwnerFrom} value={newFrom} onChange={setNewFrom} />
          </>
        )}
      </div>
      <Note label={words.settlement.reason} value={reason} onChange={setReason} />
    </Act>
  );
}
