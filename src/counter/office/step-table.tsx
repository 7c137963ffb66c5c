import { useId, useRef, useState } from 'react';
import { Button } from 'react-aria-components';
import { post, Refused, type StepTable, type TariffReview } from '../api';
import { dayText, parseDay, todayInTehran } from '../dates';
import { DayField, Field, Select, Trouble, useFigures, Waiting } from '../parts';
import { Act } from '../settlement/act';
import { useWords } from '../words';
import { MeantSo, Review } from './review';

const EMPTY = { version: '', title: '', source: '', from: '', to: '', base: '', sheet: '' };

/** Rates as a sheet: read and checked by row and column, held against the tariff before, proposed as a whole document. */
export function NewSteps({ versions, done }: { versions: readonly string[]; done: () => void }) {
  const words = useWords();
  const figures = useFigures();
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const [head, setHead] = useState(EMPTY);
  const [illustrative, setIllustrative] = useState(false);
  const [sheets, setSheets] = useState<readonly string[]>([]);
  const [table, setTable] = useState<StepTable | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [meant, setMeant] = useState(false);
  // what was read is of another file or head then
  const anew = (): void => {
    setTable(null);
    setError(null);
    setMeant(false);
  };
  const set = (name: keyof typeof EMPTY) => (value: string) => {
    anew();
    setHead({ ...head, [name]: value });
  };
  const day = (typed: string): string | null => {
    const parsed = parseDay(typed, todayInTehran());
    return parsed ? dayText(parsed) : null;
  };
  const complete =
    file !== null &&
    head.version.trim() !== '' &&
    head.title.trim() !== '' &&
    head.source.trim() !== '' &&
    day(head.from) !== null &&
    (head.to === '' || day(head.to) !== null);
  const check = async (): Promise<void> => {
    if (file === null) return;
    anew();
    setBusy(true);
    try {
      const { version, title, source, from, to, base, sheet } = head;
      const body = {
        file: { name: file.name, content: await base64(file) },
        ...(sheet !== '' && { sheet }),
        ...(base !== '' && { base }),
        version,
        title,
        source,
        from: day(from),
        to: to === '' ? null : day(to),
        illustrative,
      };
      setTable(await post<StepTable>('/tariffs/steps', body));
    } catch (problem) {
      setError(problem);
      if (problem instanceof Refused) setSheets(problem.problem.sheets ?? []);
    } finally {
      setBusy(false);
    }
  };
  const review = table?.review ?? null;
  return (
    <Act
      title={words.steps.title}
      help={words.steps.help}
      label={words.rules.propose}
      ready={table !== null && table.document !== null && review?.valid === true && (review.doubts.length === 0 || meant)}
      perform={async () => {
        await post('/tariffs', { document: table?.document, ...(meant && { meant }) });
        anew();
        setHead(EMPTY);
        setFile(null);
        if (input.current) input.current.value = '';
      }}
      done={done}
    >
      <p className="help">{words.steps.columns}</p>
      <div className="form-grid">
        <div className="field">
          <label htmlFor={id}>{words.steps.file}</label>
          <input
            ref={input}
            id={id}
            type="file"
            accept=".csv,.xlsx"
            onChange={(event) => {
              anew();
              setSheets([]);
              setHead({ ...head, sheet: '' });
              setFile(event.target.files?.[0] ?? null);
            }}
          />
        </div>
        {sheets.length > 0 ? (
          <Select
            label={words.steps.sheet}
            value={head.sheet}
            onChange={set('sheet')}
            options={{ '': words.tasks.choose, ...Object.fromEntries(sheets.map((name) => [name, name])) }}
          />
        ) : null}
        <Select
          label={words.steps.base}
          value={head.base}
          onChange={set('base')}
          options={{ '': words.steps.baseOfDay, ...Object.fromEntries([...versions].reverse().map((version) => [version, version])) }}
        />
        <Field
          label={words.rules.columns.version}
          value={head.version}
          onChange={set('version')}
          help={words.steps.versionHelp}
          maxLength={80}
        />
        <Field label={words.rules.columns.title} value={head.title} onChange={set('title')} help={words.steps.titleHelp} maxLength={200} />
        <Field label={words.steps.source} value={head.source} onChange={set('source')} help={words.steps.sourceHelp} maxLength={300} />
        <DayField label={words.rules.columns.from} value={head.from} onChange={set('from')} />
        <DayField label={words.rules.columns.to} value={head.to} onChange={set('to')} help={words.rules.furtherNotice} optional />
      </div>
      <label className="check">
        <input
          type="checkbox"
          checked={illustrative}
          onChange={(event) => {
            anew();
            setIllustrative(event.target.checked);
          }}
        />
        {words.steps.illustrative}
      </label>
      <Button className="button" onPress={() => void check()} isDisabled={!complete || busy}>
        {words.steps.check}
      </Button>
      {busy ? <Waiting>{words.rules.checking}</Waiting> : null}
      {error === null ? null : <Trouble error={error} />}
      {review === null ? null : (
        <Review
          review={byRow(review, (row, column, sheet) =>
            words.steps.at(figures(row), column === null ? null : (words.steps.columnNames[column] ?? column), sheet),
          )}
        />
      )}
      <MeantSo review={review} meant={meant} setMeant={setMeant} />
    </Act>
  );
}

/** Places of a table in words: sheet, row and column. */
function byRow(review: TariffReview, tell: (row: string, column: string | null, sheet: string | null) => string): TariffReview {
  const told = <F extends { path: string }>(found: readonly F[]): F[] =>
    found.map((each) => {
      const [, sheet = null, row, column = null] = /^(?:(.+), )?row (\d+)(?:, (\w+))?$/.exec(each.path) ?? [];
      return row === undefined ? each : { ...each, path: tell(row, column, sheet) };
    });
  return { ...review, faults: told(review.faults), warnings: told(review.warnings) };
}

/** The bytes of a file as JSON carries them. */
async function base64(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = '';
  for (let at = 0; at < bytes.length; at += 32_768) text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return btoa(text);
}
