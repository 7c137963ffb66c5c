import type { CalendarDate } from '@internationalized/date';
import { type KeyboardEvent, type ReactNode, type Ref, useId, useState } from 'react';
import {
  Button,
  Calendar,
  CalendarCell,
  CalendarGrid,
  CalendarGridBody,
  CalendarGridHeader,
  CalendarHeaderCell,
  Dialog,
  DialogTrigger,
  FieldError,
  Heading,
  Input,
  Label,
  Popover,
  Radio,
  RadioGroup,
  Text,
  TextField,
} from 'react-aria-components';
import { Away, Refused } from './api';
import { dayOfInstant, dayText, jalaliText, parseDay, timeOfInstant, todayInTehran } from './dates';
import { grouped, groupedText, persianNumbers } from './digits';
import { useSpeech, useWords } from './words';

/** Figures as the reader's language writes them. */
export function useFigures(): (text: string | number) => string {
  const { language } = useSpeech();
  return (text) => (language === 'fa' ? persianNumbers(String(text)) : String(text));
}

/** A number, id or date: isolated, so that the text around it does not turn it about. */
export function Num({ children }: { children: string | number }) {
  const figures = useFigures();
  return (
    <bdi dir="ltr" className="num">
      {figures(children)}
    </bdi>
  );
}

/** Whole rials with thousands marks; the unit follows unless a heading has said it. */
export function Amount({ value, bare = false }: { value: number; bare?: boolean }) {
  const words = useWords();
  return (
    <span className="amount">
      <Num>{grouped(value)}</Num>
      {bare ? null : <span className="unit"> {words.rial}</span>}
    </span>
  );
}

/** An exact figure of the API (`45`, `45.5`, `n/d`). */
export function Figure({ value }: { value: string }) {
  return <Num>{groupedText(value)}</Num>;
}

/** An instant as day and time in Tehran. */
export function Moment({ at, timeOnly = false }: { at: string; timeOnly?: boolean }) {
  return (
    <time dateTime={at}>
      {timeOnly ? null : (
        <>
          <Num>{dayOfInstant(at)}</Num>{' '}
        </>
      )}
      <Num>{timeOfInstant(at)}</Num>
    </time>
  );
}

/** Text of the API or of a person: its own direction, whatever the page's is. */
export function Said({ children }: { children: string }) {
  return <bdi dir="auto">{children}</bdi>;
}

export type Tone = 'info' | 'good' | 'warn' | 'bad';

export function Notice({ tone = 'info', children, live = false }: { tone?: Tone; children: ReactNode; live?: boolean }) {
  return (
    <div className={`notice ${tone}`} tabIndex={-1} {...(live ? { role: tone === 'bad' ? 'alert' : 'status' } : {})}>
      {children}
    </div>
  );
}

export function Badge({ tone, children }: { tone?: Tone | undefined; children: ReactNode }) {
  return <span className={`badge ${tone ?? ''}`}>{children}</span>;
}

/** What went wrong with a call, in words that say what to do. */
export function Trouble({ error, retry }: { error: unknown; retry?: () => void }) {
  const words = useWords();
  const text = error instanceof Refused ? error.problem.detail : error instanceof Away ? (error.detail ?? words.away) : words.failed;
  return (
    <Notice tone="bad" live>
      <p>
        <Said>{text}</Said>
      </p>
      {error instanceof Refused && error.problem.errors.length > 0 ? (
        <ul className="plain">
          {error.problem.errors.map(({ field, code, message }) => (
            <li key={`${field}${code}`}>
              <Said>{message}</Said>
            </li>
          ))}
        </ul>
      ) : null}
      {retry ? (
        <Button className="button small" onPress={retry}>
          {words.retry}
        </Button>
      ) : null}
    </Notice>
  );
}

/** A table that may be wider than a phone: it scrolls by itself, by keys as well. */
export function Scroll({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="scroll" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}

export function Waiting({ children }: { children?: ReactNode }) {
  const words = useWords();
  return (
    <p className="waiting" role="status">
      <span className="spinner" aria-hidden="true" /> {children ?? words.loading}
    </p>
  );
}

interface FieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  help?: ReactNode;
  errors?: readonly string[];
  optional?: boolean;
  /** figures and ids are typed from left to right in both languages */
  figures?: boolean;
  type?: 'text' | 'password';
  autoComplete?: string;
  autoFocus?: boolean;
  inputRef?: Ref<HTMLInputElement>;
  onKeyDown?: (event: KeyboardEvent<HTMLInputElement>) => void;
  onBlur?: () => void;
  maxLength?: number;
  beside?: ReactNode;
}

/** One line of text with its label, help and findings. */
export function Field({
  label,
  value,
  onChange,
  help,
  errors = [],
  optional,
  figures,
  type = 'text',
  autoComplete = 'off',
  autoFocus,
  inputRef,
  onKeyDown,
  onBlur,
  maxLength = 200,
  beside,
}: FieldProps) {
  const words = useWords();
  return (
    <TextField
      className="field"
      value={value}
      onChange={onChange}
      isInvalid={errors.length > 0}
      type={type}
      autoComplete={autoComplete}
      autoFocus={autoFocus ?? false}
      maxLength={maxLength}
      {...(onBlur && { onBlur })}
    >
      <Label>
        {label}
        {optional ? <span className="optional"> ({words.optional})</span> : null}
      </Label>
      <div className="line">
        <Input
          {...(inputRef && { ref: inputRef })}
          {...(onKeyDown && { onKeyDown })}
          {...(figures ? { dir: 'ltr', inputMode: 'numeric', className: 'figures' } : { dir: 'auto' })}
          spellCheck={false}
        />
        {beside}
      </div>
      {help !== undefined && errors.length === 0 ? (
        <Text slot="description" className="help">
          {help}
        </Text>
      ) : null}
      <FieldError className="errors">
        {errors.map((error) => (
          <span key={error} dir="auto">
            {error}
          </span>
        ))}
      </FieldError>
    </TextField>
  );
}

/** One month inside a Calendar, with the ways to the others; `mark` names the kind of a day. */
export function Month({ mark }: { mark?: (date: CalendarDate) => string | null }) {
  const words = useWords();
  return (
    <>
      <header className="calendar-head">
        <Button slot="previous" className="button icon" aria-label={words.form.previousMonth}>
          ‹
        </Button>
        <Heading />
        <Button slot="next" className="button icon" aria-label={words.form.nextMonth}>
          ›
        </Button>
      </header>
      <CalendarGrid weekdayStyle="narrow">
        <CalendarGridHeader>{(weekday) => <CalendarHeaderCell>{weekday}</CalendarHeaderCell>}</CalendarGridHeader>
        <CalendarGridBody>{(date) => <CalendarCell date={date} className={`cell ${mark?.(date) ?? ''}`} />}</CalendarGridBody>
      </CalendarGrid>
    </>
  );
}

/** A Jalali day: typed in any of the short forms, stepped with ↑ and ↓, or chosen in a calendar. */
export function DayField({
  label,
  value,
  onChange,
  errors = [],
  optional = false,
  help,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  errors?: readonly string[];
  optional?: boolean;
  help?: ReactNode;
}) {
  const words = useWords();
  const figures = useFigures();
  const [open, setOpen] = useState(false);
  const now = todayInTehran();
  const day = parseDay(value, now);
  const wrong = value.trim() !== '' && day === null;
  const step = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.key === 'ArrowDown' && event.altKey) setOpen(true);
    else if (event.key === 'ArrowUp' || event.key === 'ArrowDown')
      onChange(figures(dayText((day ?? now).add({ days: event.key === 'ArrowUp' ? 1 : -1 }))));
    else return;
    event.preventDefault();
  };
  return (
    <Field
      label={label}
      value={value}
      onChange={onChange}
      help={help ?? words.form.dateHelp}
      errors={wrong ? [words.form.dateWrong, ...errors] : errors}
      optional={optional}
      figures
      onKeyDown={step}
      onBlur={() => {
        if (day) onChange(figures(dayText(day)));
      }}
      beside={
        <DialogTrigger isOpen={open} onOpenChange={setOpen}>
          <Button className="button icon" aria-label={`${words.form.openCalendar}: ${label}`} excludeFromTabOrder>
            <svg viewBox="0 0 20 20" aria-hidden="true">
              <path d="M3 5h14v12H3zM3 8.500h14M7 3v4M13 3v4" fill="none" stroke="currentColor" strokeWidth="1.500" />
            </svg>
          </Button>
          <Popover className="popover">
            <Dialog aria-label={label}>
              <Calendar
                aria-label={label}
                value={day}
                onChange={(chosen) => {
                  onChange(figures(jalaliText(chosen)));
                  setOpen(false);
                }}
                autoFocus
              >
                <Month />
              </Calendar>
            </Dialog>
          </Popover>
        </DialogTrigger>
      }
    />
  );
}

/** A choice of few, side by side; arrow keys move it. */
export function Choice<T extends string>({
  label,
  value,
  onChange,
  options,
}: {
  label: string;
  value: T;
  onChange: (value: T) => void;
  options: Readonly<Record<T, string>>;
}) {
  return (
    <RadioGroup className="choice" value={value} onChange={(chosen) => onChange(chosen as T)} orientation="horizontal">
      <Label>{label}</Label>
      <div className="options">
        {(Object.entries(options) as [T, string][]).map(([option, text]) => (
          <Radio key={option} value={option} className="option">
            {text}
          </Radio>
        ))}
      </div>
    </RadioGroup>
  );
}

/** A choice of many: the browser's own list, which every keyboard and phone knows. */
export function Select<T extends string>({
  label,
  value,
  onChange,
  options,
}: {
  label: string;
  value: T;
  onChange: (value: T) => void;
  options: Readonly<Record<T, string>>;
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value as T)}>
        {(Object.entries(options) as [T, string][]).map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}
