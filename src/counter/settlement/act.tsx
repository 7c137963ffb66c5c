import { type ReactNode, useId, useState } from 'react';
import { Button } from 'react-aria-components';
import { Refused } from '../api';
import { Notice, Trouble } from '../parts';
import { useWords } from '../words';

/** One thing that may be done: what it means, what it needs, and the button; refused acts say why and keep what was typed. */
export function Act({
  title,
  help,
  label,
  perform,
  done,
  danger = false,
  ready = true,
  open = false,
  silent = false,
  children,
}: {
  title: string;
  help?: ReactNode;
  label: string;
  perform: () => Promise<unknown>;
  done: () => void;
  danger?: boolean;
  ready?: boolean;
  open?: boolean;
  /** what it does is seen by itself */
  silent?: boolean;
  children?: ReactNode;
}) {
  const words = useWords();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [said, setSaid] = useState(false);
  const send = async (): Promise<void> => {
    if (busy || !ready) return;
    setBusy(true);
    setError(null);
    try {
      await perform();
      setSaid(true);
      done();
    } catch (problem) {
      setError(problem);
      // somebody else was quicker: what stands now is to be seen
      if (problem instanceof Refused && problem.problem.status === 409) done();
    } finally {
      setBusy(false);
    }
  };
  return (
    <details className="act" open={open}>
      <summary>{title}</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        {help === undefined ? null : <p className="quiet">{help}</p>}
        {children}
        {error === null ? null : <Trouble error={error} />}
        {said && !silent && error === null ? (
          <Notice tone="good" live>
            {words.settlement.done}
          </Notice>
        ) : null}
        <Button type="submit" className={`button ${danger ? 'danger' : 'primary'}`} isDisabled={busy || !ready}>
          {label}
        </Button>
      </form>
    </details>
  );
}

/** A longer text: why, or what happened. */
export function Note({
  label,
  value,
  onChange,
  optional = false,
  max = 1000,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  optional?: boolean;
  max?: number;
}) {
  const words = useWords();
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>
        {label}
        {optional ? <span className="optional"> ({words.optional})</span> : null}
      </label>
      <textarea
        id={id}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        rows={max > 1000 ? 4 : 2}
        maxLength={max}
        dir="auto"
      />
    </div>
  );
}

/** Enough for the API to take it as a reason. */
export function isReason(text: string): boolean {
  return text.trim().length >= 3;
}
