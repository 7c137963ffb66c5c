import { useEffect, useState } from 'react';
import { clockState, clockText } from '../clock';
import { Num } from '../parts';
import { useWords } from '../words';

/** The five minutes since the receipt, still counting when they are over. */
export function Clock({ openedAt }: { openedAt: number }) {
  const words = useWords();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const elapsed = now - openedAt;
  const state = clockState(elapsed);
  return (
    <div className={`clock ${state}`}>
      <span role="timer" aria-label={words.clock.label}>
        <Num>{clockText(elapsed)}</Num>
      </span>
      <span className="clock-state" role="status">
        {words.clock[state]}
      </span>
    </div>
  );
}
