import { useId } from 'react';
import { ToggleButton } from 'react-aria-components';
import type { Finding } from '../api';
import { Badge, Said, type Tone, useFigures } from '../parts';
import { useSpeech, useWords } from '../words';

const TONES: Record<Finding['severity'], Tone> = { error: 'bad', confirm: 'warn', override: 'warn', info: 'info' };

/** Findings beside their field, each with what it asks for: a mending, a reason, or the supervisor. */
export function Findings({
  findings,
  reasons,
  answer,
}: {
  findings: readonly Finding[];
  reasons: Readonly<Record<string, string>>;
  answer?: (code: string, reason: string) => void;
}) {
  if (findings.length === 0) return null;
  return (
    <div role="status">
      <ul className="findings">
        {findings.map((finding) => (
          <li key={finding.code + finding.field} className={`finding ${TONES[finding.severity]}`} tabIndex={-1}>
            <OneFinding finding={finding} reason={reasons[finding.code] ?? ''} {...(answer && { answer })} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function OneFinding({ finding, reason, answer }: { finding: Finding; reason: string; answer?: (code: string, reason: string) => void }) {
  const { words, language } = useSpeech();
  const figures = useFigures();
  const { code, severity, message, override } = finding;
  const answered = override !== undefined || (severity === 'confirm' && reason.trim().length >= 3);
  return (
    <>
      <p>
        <Badge tone={answered ? 'good' : TONES[severity]}>
          {answered ? (override ? words.findings.overridden(override.by) : words.findings.confirmed) : words.findings[severity]}
        </Badge>{' '}
        {language === 'en' ? <strong>{titleOf(code)}: </strong> : null}
        <Said>{figures(message)}</Said>
      </p>
      {severity === 'confirm' && answer ? <Reason value={reason} onChange={(text) => answer(code, text)} /> : null}
      {severity === 'override' && !override ? <p className="quiet">{words.findings.overrideHelp}</p> : null}
    </>
  );
}

/** A reason from the short list, or in one's own words. */
export function Reason({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const words = useWords();
  const id = useId();
  return (
    <div className="reason" role="group" aria-label={words.findings.reason}>
      {words.findings.reasons.map((reason) => (
        <ToggleButton key={reason} className="chip" isSelected={value === reason} onChange={(on) => onChange(on ? reason : '')}>
          {reason}
        </ToggleButton>
      ))}
      <label htmlFor={id} className="hidden">
        {words.findings.other}
      </label>
      <input
        id={id}
        value={words.findings.reasons.includes(value) ? '' : value}
        onChange={(event) => onChange(event.target.value)}
        placeholder={words.findings.other}
        maxLength={500}
        dir="auto"
      />
    </div>
  );
}

/** A code as words: HIGH_CONSUMPTION → High consumption. */
function titleOf(code: string): string {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
