import { useState } from 'react';
import type { Settlement } from '../api';
import { type Draft, isTouched, keepDraft, keptDraft } from '../draft';
import { useKeys } from '../keys';
import { go } from '../router';
import { useSession } from '../session';
import { FindSubscriber } from './find';
import { RequestForm } from './request';

/** The clerk's desk: empty, or one request. What is written stays on this machine until it is issued or cleared. */
export function Desk() {
  const { operator } = useSession();
  const [draft, setDraft] = useState(() => keptDraft(operator.id));
  const [cleared, setCleared] = useState<Draft | null>(null);
  const keep = (next: Draft | null): void => {
    keepDraft(operator.id, next);
    setDraft(next);
  };
  const clear = (): void => {
    setCleared(draft !== null && isTouched(draft) ? draft : null);
    keep(null);
  };
  useKeys({ clear });
  const done = ({ id }: Settlement, again: boolean): void => {
    keep(null);
    go(`/announced/${id}${again ? '?again' : ''}`);
  };

  if (draft === null) return <FindSubscriber opened={keep} cleared={cleared} />;
  return (
    <RequestForm
      key={`${draft.subscription}${draft.openedAt}`}
      draft={draft}
      change={(part) =>
        setDraft((now) => {
          const next = now && { ...now, ...part };
          keepDraft(operator.id, next);
          return next;
        })
      }
      clear={clear}
      done={done}
    />
  );
}
