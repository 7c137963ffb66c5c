import { useEffect, useState } from 'react';
import type { Settlement } from '../api';
import type { Happening } from '../events';
import { follow } from '../follow';
import { useLoaded } from '../loading';
import { Badge, Num, Said, Trouble, useFigures, Waiting } from '../parts';
import { statusTone } from '../settlements';
import { useWords } from '../words';
import { ActionsSection } from './actions';
import { CorrectionsSection } from './corrections';
import { BillSection, ClearanceSection, EventsSection, FactsSection, PostingsSection, StorySection } from './sections';

/** One settlement: what happened, what came of it, and what may be done now. It follows the events as they come. */
export function SettlementPage({ id }: { id: string }) {
  const { value: settlement, error, reload } = useLoaded<Settlement>(`/settlements/${id}`);
  const [events, setEvents] = useState<Happening[]>([]);
  const known = settlement !== null;
  useEffect(() => {
    if (!known) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = follow(id, (event) => {
      setEvents((before) => [...before.filter(({ seq }) => seq !== event.seq), event]);
      // a burst of events is one look
      clearTimeout(timer);
      timer = setTimeout(reload, 300);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [known, id, reload]);

  if (settlement === null) return error === null ? <Waiting /> : <Trouble error={error} retry={reload} />;
  return (
    <article className="settlement">
      {error === null ? null : <Trouble error={error} retry={reload} />}
      <Head settlement={settlement} />
      <div className="columns">
        <div>
          <BillSection settlement={settlement} />
          <ClearanceSection settlement={settlement} reload={reload} />
          <PostingsSection settlement={settlement} />
        </div>
        <div>
          <ActionsSection settlement={settlement} reload={reload} />
          <CorrectionsSection settlement={settlement} reload={reload} />
          <StorySection settlement={settlement} />
          <FactsSection settlement={settlement} />
          <EventsSection events={events} />
        </div>
      </div>
    </article>
  );
}

function Head({ settlement }: { settlement: Settlement }) {
  const words = useWords();
  const figures = useFigures();
  const { account, facts, status, cancellation } = settlement;
  return (
    <header className="settlement-head">
      <p className="quiet">
        {words.settlement.title('')} <Num>{settlement.id}</Num>
      </p>
      <h1>
        <Said>{account?.name ?? facts.applicant.name}</Said>
      </h1>
      <p className="badges">
        <Badge tone={statusTone(status)}>{words.statuses[status]}</Badge>
        {settlement.revision > 1 ? <Badge tone="info">{words.settlement.revision(figures(settlement.revision))}</Badge> : null}
        {settlement.lateEntry ? <Badge>{words.clock.lateEntry}</Badge> : null}
        {cancellation ? <Badge tone="bad">{words.settlement.cancelledBy(cancellation.by)}</Badge> : null}
      </p>
    </header>
  );
}
