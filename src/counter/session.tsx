import { createContext, type FormEvent, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { Button } from 'react-aria-components';
import { Away, call, get, onSignedOut, type Operator, Refused, type SessionOptions, useReachable } from './api';
import { forgetDrafts } from './draft';
import { Field, Notice, Said, Trouble, Waiting } from './parts';
import { ROOT } from './root';
import { useWords } from './words';

interface Session {
  operator: Operator;
  leave(): void;
}

/** Set while somebody is signed in here, or may be: without it nobody is asked for, which would be refused. */
const KEPT = 'tasvieh-signed-in';

/** How often an open page gives a sign of its office. */
const SIGN_MS = 60_000;

const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error('nobody is signed in');
  return session;
}

type State = { kind: 'asking' } | { kind: 'out'; ended: boolean } | { kind: 'in'; operator: Operator };

/** Shows the pages to whoever is signed in, else the way to sign in. Whoever comes back finds the page as it was. */
export function SignedIn({ children }: { children: ReactNode }) {
  const [state, setState] = useState<State>(() =>
    localStorage.getItem(KEPT) === null ? { kind: 'out', ended: false } : { kind: 'asking' },
  );
  const [asked, setAsked] = useState(0);
  const reachable = useReachable();

  useEffect(() => {
    if (localStorage.getItem(KEPT) === null || (!reachable && asked > 0)) return undefined;
    const asking = new AbortController();
    get<Operator>('/session', asking.signal).then(
      (operator) => {
        localStorage.setItem(KEPT, operator.id);
        setState({ kind: 'in', operator });
      },
      (error: unknown) => {
        if (error instanceof Refused)
          setState((before) =>
            before.kind === 'in' ? { kind: 'out', ended: true } : before.kind === 'out' ? before : { kind: 'out', ended: false },
          );
        else if (error instanceof Away) setAsked((n) => n + 1);
      },
    );
    return () => asking.abort();
  }, [asked, reachable]);

  useEffect(() => onSignedOut(() => setState((before) => (before.kind === 'in' ? { kind: 'out', ended: true } : before))), []);

  const there = state.kind === 'in';
  useEffect(() => {
    if (!there) return undefined;
    // also in a page that nobody looks at: by it the office is known to be there, and the page learns that the service is away
    const timer = setInterval(() => void get<Operator>('/session').catch(() => undefined), SIGN_MS);
    return () => clearInterval(timer);
  }, [there]);

  const session = useMemo(() => {
    if (state.kind !== 'in') return null;
    const { operator } = state;
    const leave = (): void => {
      forgetDrafts(operator.id);
      localStorage.removeItem(KEPT);
      const out = (): void => setState({ kind: 'out', ended: false });
      call('DELETE', '/session').then(out, out);
    };
    return { operator, leave };
  }, [state]);

  if (state.kind === 'asking') return <Waiting />;
  if (session === null)
    return <SignIn ended={state.kind === 'out' && state.ended} entered={(operator) => setState({ kind: 'in', operator })} />;
  if (session.operator.mustChangePassword)
    return <ChangePassword changed={(operator) => setState({ kind: 'in', operator })} leave={session.leave} />;
  return <SessionContext value={session}>{children}</SessionContext>;
}

function SignIn({ ended, entered }: { ended: boolean; entered: (operator: Operator) => void }) {
  const words = useWords();
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const [token, setToken] = useState('');
  const [trouble, setTrouble] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [signOn, setSignOn] = useState(false);

  useEffect(() => {
    const asking = new AbortController();
    get<SessionOptions>('/session/options', asking.signal).then(
      (options) => setSignOn(options.signOn),
      // without an answer the passwords are left
      () => undefined,
    );
    return () => asking.abort();
  }, []);

  const enter = async (open: () => Promise<unknown>, refused: string | null): Promise<void> => {
    setBusy(true);
    setTrouble(null);
    try {
      await open();
      const operator = await get<Operator>('/session');
      localStorage.setItem(KEPT, operator.id);
      entered(operator);
    } catch (error) {
      setTrouble(error instanceof Refused ? (refused ?? error.problem.errors[0]?.message ?? error.problem.detail) : words.away);
    } finally {
      setBusy(false);
    }
  };
  const byPassword = (event: FormEvent): void => {
    event.preventDefault();
    void enter(() => call('POST', '/session', { body: { user, password } }), null);
  };
  const byToken = (event: FormEvent): void => {
    event.preventDefault();
    void enter(() => call('POST', '/session', { token: token.trim() }), words.session.tokenWrong);
  };

  return (
    <main className="sign-in" id="content">
      <div className="panel">
        <h1>{words.session.title}</h1>
        <p className="quiet">{words.tagline}</p>
        {ended ? <Notice tone="warn">{words.session.ended}</Notice> : null}
        {trouble === null ? null : (
          <Notice tone="bad" live>
            <Said>{trouble}</Said>
          </Notice>
        )}
        <form onSubmit={byPassword}>
          <Field label={words.session.user} value={user} onChange={setUser} autoComplete="username" autoFocus />
          <Field label={words.session.password} value={password} onChange={setPassword} type="password" autoComplete="current-password" />
          <Button type="submit" className="button primary" isDisabled={busy || user.trim() === '' || password === ''}>
            {words.session.enter}
          </Button>
        </form>
        {signOn ? (
          <p>
            {/* whoever comes back from there is asked for */}
            <a className="button" href={`${ROOT}/session/sign-on`} onClick={() => localStorage.setItem(KEPT, 'sign-on')}>
              {words.session.signOn}
            </a>
          </p>
        ) : null}
        <details>
          <summary>{words.session.byToken}</summary>
          <form onSubmit={byToken}>
            <Field
              label={words.session.token}
              value={token}
              onChange={setToken}
              type="password"
              help={words.session.tokenHelp}
              maxLength={4000}
            />
            <Button type="submit" className="button" isDisabled={busy || token.trim() === ''}>
              {words.session.enterByToken}
            </Button>
          </form>
        </details>
      </div>
    </main>
  );
}

/** After a sign-in by a one-time password nothing else is open. */
function ChangePassword({ changed, leave }: { changed: (operator: Operator) => void; leave: () => void }) {
  const words = useWords();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await call('POST', '/session/password', { body: { current, next } });
      changed(await get<Operator>('/session'));
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <main className="sign-in" id="content">
      <form className="panel" onSubmit={(event) => void send(event)}>
        <h1>{words.session.change}</h1>
        <Notice tone="warn">{words.session.changeNow}</Notice>
        {error === null ? null : <Trouble error={error} />}
        <Field
          label={words.session.current}
          value={current}
          onChange={setCurrent}
          type="password"
          autoComplete="current-password"
          autoFocus
        />
        <Field
          label={words.session.next}
          value={next}
          onChange={setNext}
          type="password"
          autoComplete="new-password"
          help={words.session.nextHelp}
        />
        <Button type="submit" className="button primary" isDisabled={busy || current === '' || next === ''}>
          {words.session.setPassword}
        </Button>
        <Button className="button bare" onPress={leave}>
          {words.session.leave}
        </Button>
      </form>
    </main>
  );
}
