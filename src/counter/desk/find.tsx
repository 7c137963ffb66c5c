import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { Button, Input, Label, TextField } from 'react-aria-components';
import { type AccountPage, call, type FoundAccount, get, type Receipt, untilAnswered } from '../api';
import { type Draft, newDraft } from '../draft';
import { dayText, todayInTehran } from '../dates';
import { Num, Said, Trouble, useFigures, Waiting } from '../parts';
import { useWords } from '../words';

const SETTLE_MS = 250;
const SHOWN = 8;

/** One field finds the subscriber; opening one opens the request, from where the five minutes run. */
export function FindSubscriber({ opened, cleared }: { opened: (draft: Draft) => void; cleared: Draft | null }) {
  const words = useWords();
  const figures = useFigures();
  const id = useId();
  const [typed, setTyped] = useState('');
  const [found, setFound] = useState<{ query: string; items: FoundAccount[]; more: boolean } | null>(null);
  const [chosen, setChosen] = useState(0);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  /** the text that was sent without an answer: it is sent again by itself */
  const [waiting, setWaiting] = useState<string | null>(null);
  const asking = useRef<AbortController | null>(null);
  const asked = useRef('');
  const opening = useRef<AbortController | null>(null);
  const query = typed.trim();

  useEffect(
    () => () => {
      asking.current?.abort();
      opening.current?.abort();
    },
    [],
  );

  /** The subscribers for `text`; null when another question came in between or there is no answer. */
  const search = async (text: string): Promise<FoundAccount[] | null> => {
    asking.current?.abort();
    const mine = new AbortController();
    asking.current = mine;
    asked.current = text;
    setError(null);
    try {
      const address = `/accounts?limit=${SHOWN}&query=${encodeURIComponent(text)}`;
      const { items, next } = await untilAnswered(
        () => get<AccountPage>(address, mine.signal),
        mine.signal,
        () => setWaiting(text),
      );
      if (mine.signal.aborted) return null;
      setFound({ query: text, items, more: next !== null });
      setChosen(0);
      setWaiting(null);
      return items;
    } catch (problem) {
      if (!mine.signal.aborted) setError(problem);
      return null;
    }
  };

  useEffect(() => {
    if (query.length < 2) return undefined;
    const timer = setTimeout(() => {
      // Enter was quicker, and its answer counts
      if (asked.current !== query) void search(query);
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [query]);

  const open = async ({ subscription, name }: FoundAccount): Promise<void> => {
    if (opening.current !== null) return;
    const mine = new AbortController();
    opening.current = mine;
    setBusy(true);
    try {
      const { value } = await untilAnswered(
        () => call<Receipt>('POST', '/requests', { body: { subscription }, signal: mine.signal }),
        mine.signal,
      );
      opened(newDraft({ subscription, name, request: value.request, today: figures(dayText(todayInTehran())) }));
    } catch (problem) {
      if (mine.signal.aborted) return;
      setError(problem);
      setBusy(false);
      opening.current = null;
    }
  };

  /** A scanner writes in a burst that ends in Enter: the answer to just this text counts. */
  const enter = async (): Promise<void> => {
    if (query.length < 2) return;
    const known = found?.query === query ? found.items : null;
    const account = known?.[chosen];
    if (account) return open(account);
    const items = await search(query);
    const [only] = items ?? [];
    if (items?.length === 1 && only) return open(only);
  };

  const items = found !== null && query.length >= 2 ? found.items : [];
  const press = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') void enter();
    else if (event.key === 'ArrowDown') setChosen(Math.min(chosen + 1, items.length - 1));
    else if (event.key === 'ArrowUp') setChosen(Math.max(chosen - 1, 0));
    else return;
    event.preventDefault();
  };

  const count = items.length;
  const said =
    found === null || query.length < 2 || found.query !== query
      ? ''
      : count === 0
        ? words.find.empty
        : count === 1
          ? words.find.one
          : found.more
            ? words.find.manyMore(figures(count))
            : words.find.many(figures(count));

  return (
    <section className="find">
      <h1>{words.find.title}</h1>
      <TextField className="field search" value={typed} onChange={setTyped} autoFocus isDisabled={busy} maxLength={120}>
        <Label>{words.find.label}</Label>
        <Input
          dir="auto"
          placeholder={words.find.placeholder}
          autoComplete="off"
          spellCheck={false}
          enterKeyHint="search"
          role="combobox"
          aria-expanded={count > 0}
          aria-controls={`${id}list`}
          aria-autocomplete="list"
          {...(count > 0 && { 'aria-activedescendant': `${id}${chosen}` })}
          onKeyDown={press}
        />
      </TextField>
      <p role="status" className={count === 0 && said !== '' ? 'said none' : 'said'}>
        {said}
      </p>
      {busy || (waiting !== null && waiting === query) ? <Waiting /> : null}
      {error === null ? null : <Trouble error={error} retry={() => void search(query)} />}
      <ul className="found" id={`${id}list`} role="listbox" aria-label={words.find.results} hidden={count === 0}>
        {items.map((account, at) => (
          <li key={account.subscription} id={`${id}${at}`} role="option" aria-selected={at === chosen} onClick={() => void open(account)}>
            <strong>
              <Said>{account.name}</Said>
            </strong>
            <Said>{figures(account.address)}</Said>
            <span className="quiet ids">
              {words.account.subscription} <Num>{account.subscription}</Num>
              {words.and}
              {words.account.billId} <Num>{account.billId}</Num>
              {words.and}
              {words.uses[account.use] ?? account.use}
            </span>
          </li>
        ))}
      </ul>
      {cleared !== null && typed === '' ? (
        <Button className="button" onPress={() => opened(cleared)}>
          {words.find.bringBack(cleared.name)}
        </Button>
      ) : null}
      {typed === '' ? <Keys /> : null}
    </section>
  );
}

function Keys() {
  const words = useWords();
  return (
    <aside className="keys">
      <p className="quiet">{words.find.hint}</p>
      <h2>{words.keys.title}</h2>
      <dl>
        {words.keys.list.map(([key, text]) => (
          <div key={key}>
            <dt>
              <kbd dir="ltr">{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </aside>
  );
}
