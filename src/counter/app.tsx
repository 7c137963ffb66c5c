import { Component, lazy, type ReactNode, Suspense, useEffect } from 'react';
import { Button } from 'react-aria-components';
import { type Role, useReachable } from './api';
import { useClockBehind } from './clock';
import { Desk } from './desk/desk';
import { AnnouncedPage } from './desk/announced';
import { Notice, useFigures, Waiting } from './parts';
import { Link, useAddress, useVisit } from './router';
import { SignedIn, useSession } from './session';
import { SettlementPage } from './settlement/page';
import { Settlements } from './settlements';
import { useSpeech, useWords } from './words';
import type { Words } from './words/fa';

interface Section {
  to: string;
  name: keyof Words['nav'];
  roles: readonly Role[];
}

/** What each role has to do with; the API decides again. */
const SECTIONS: readonly Section[] = [
  { to: '/', name: 'desk', roles: ['clerk'] },
  { to: '/settlements', name: 'settlements', roles: ['clerk', 'supervisor', 'approver', 'quality', 'admin'] },
  { to: '/tasks', name: 'tasks', roles: ['clerk', 'supervisor', 'approver', 'quality', 'billing', 'admin'] },
  { to: '/unsent', name: 'unsent', roles: ['clerk', 'supervisor', 'billing'] },
  { to: '/payments', name: 'payments', roles: ['billing', 'supervisor'] },
  { to: '/cycles', name: 'cycles', roles: ['billing', 'supervisor', 'quality', 'admin'] },
  { to: '/indicators', name: 'indicators', roles: ['supervisor', 'approver', 'quality', 'admin'] },
  { to: '/corrective-actions', name: 'correctiveActions', roles: ['supervisor', 'quality'] },
  { to: '/reports', name: 'reports', roles: ['supervisor', 'quality', 'admin'] },
  { to: '/access-log', name: 'accessLog', roles: ['quality', 'admin'] },
  { to: '/people', name: 'people', roles: ['supervisor', 'admin'] },
  { to: '/terms', name: 'terms', roles: ['admin', 'supervisor', 'approver', 'quality'] },
  { to: '/rules', name: 'rules', roles: ['admin', 'supervisor', 'approver', 'quality'] },
];

// the counter's own pages come at once, the office's when somebody opens them
const Tasks = lazy(() => import('./office/tasks'));
const Unsent = lazy(() => import('./office/unsent'));
const Payments = lazy(() => import('./office/payments'));
const Cycles = lazy(() => import('./office/cycles'));
const People = lazy(() => import('./office/people').then(({ People: Here }) => ({ default: Here })));
const PersonPage = lazy(() => import('./office/people').then(({ PersonPage: Here }) => ({ default: Here })));
const Rules = lazy(() => import('./office/rules'));
const Terms = lazy(() => import('./office/terms'));
const Indicators = lazy(() => import('./office/indicators'));
const CorrectiveActions = lazy(() => import('./office/corrective-actions').then(({ CorrectiveActions: Here }) => ({ default: Here })));
const CorrectiveActionPage = lazy(() =>
  import('./office/corrective-actions').then(({ CorrectiveActionPage: Here }) => ({ default: Here })),
);
const Reports = lazy(() => import('./office/reports'));
const AccessLog = lazy(() => import('./office/access-log'));

export function App() {
  const words = useWords();
  return (
    <>
      <a className="skip" href="#content">
        {words.skip}
      </a>
      <Away />
      <WrongClock />
      <SignedIn>
        <Frame>
          <Later>
            <Page />
          </Later>
        </Frame>
      </SignedIn>
    </>
  );
}

function Away() {
  const words = useWords();
  const reachable = useReachable();
  return (
    <div role="status" className="away">
      {reachable ? null : words.away}
    </div>
  );
}

/** Dates come from the server's clock; whoever reads the computer's own should know that it is wrong. */
function WrongClock() {
  const words = useWords();
  const figures = useFigures();
  const minutes = useClockBehind();
  const size = Math.abs(minutes);
  const [unit, count] =
    size >= 1440 ? (['days', size / 1440] as const) : size >= 60 ? (['hours', size / 60] as const) : (['minutes', size] as const);
  return (
    <div role="status" className="wrong-clock">
      {minutes === 0 ? null : words.wrongClock(figures(Math.round(count)), unit, minutes > 0)}
    </div>
  );
}

function Frame({ children }: { children: ReactNode }) {
  const { words, language, change } = useSpeech();
  const { operator, leave } = useSession();
  const figures = useFigures();
  const { pathname } = useAddress();
  const sections = SECTIONS.filter(({ roles }) => roles.includes(operator.role));
  const here = (to: string): boolean => (to === '/' ? pathname === '/' || pathname.startsWith('/announced/') : pathname.startsWith(to));
  return (
    <>
      <header className="top">
        <Link to="/" className="brand">
          <img src={new URL('./icon.svg', import.meta.url).href} alt="" width="24" height="24" />
          {words.name}
        </Link>
        <nav aria-label={words.menu}>
          {sections.map(({ to, name }) => (
            <Link key={to} to={to} {...(here(to) ? { 'aria-current': 'page' as const } : {})}>
              {words.nav[name]}
            </Link>
          ))}
        </nav>
        <span className="who">
          <bdi className="who-name">{operator.name}</bdi>
          <span className="quiet">
            {words.roles[operator.role]}
            {words.and}
            {words.office(figures(operator.office))}
          </span>
        </span>
        <Button className="button bare" onPress={change} aria-label={words.language.switch}>
          <span lang={language === 'fa' ? 'en' : 'fa'}>{words.language.other}</span>
        </Button>
        <Button className="button bare" onPress={leave}>
          {words.session.leave}
        </Button>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

/** Waits for a page that is still on its way; one that is gone, since the service was renewed meanwhile, asks to be opened again. */
class Later extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };
  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }
  override render(): ReactNode {
    return this.state.failed ? <Gone /> : <Suspense fallback={<Waiting />}>{this.props.children}</Suspense>;
  }
}

function Gone() {
  const words = useWords();
  return (
    <Notice tone="warn" live>
      <p>{words.stale}</p>
      <Button className="button small" onPress={() => window.location.reload()}>
        {words.openAgain}
      </Button>
    </Notice>
  );
}

function Page() {
  const words = useWords();
  const { operator } = useSession();
  const { pathname } = useAddress();
  // a list that is opened anew begins with the filters of its address
  const visit = useVisit();
  const settlement = /^\/(settlements|announced)\/([0-9]{12}-[0-9]{8}(?:-[0-9]{1,3})?)$/.exec(pathname);
  useEffect(() => {
    document.title = words.name;
  }, [pathname, words]);
  if (settlement?.[2] !== undefined) {
    return settlement[1] === 'announced' ? (
      <AnnouncedPage key={settlement[2]} id={settlement[2]} />
    ) : (
      <SettlementPage key={settlement[2]} id={settlement[2]} />
    );
  }
  const person = /^\/people\/([a-z0-9][a-z0-9._-]{1,39})$/.exec(pathname)?.[1];
  if (person !== undefined) return <PersonPage key={person} id={person} />;
  const action = /^\/corrective-actions\/([1-9][0-9]{0,8})$/.exec(pathname)?.[1];
  if (action !== undefined) return <CorrectiveActionPage key={action} n={action} />;
  switch (pathname) {
    case '/':
      if (operator.role === 'clerk') return <Desk />;
      return operator.role === 'billing' ? <Cycles /> : <Settlements />;
    case '/settlements':
      return <Settlements key={visit} />;
    case '/tasks':
      return <Tasks key={visit} />;
    case '/unsent':
      return <Unsent key={visit} />;
    case '/payments':
      return <Payments />;
    case '/cycles':
      return <Cycles />;
    case '/people':
      return <People key={visit} />;
    case '/rules':
      return <Rules />;
    case '/terms':
      return <Terms />;
    case '/indicators':
      return <Indicators />;
    case '/corrective-actions':
      return <CorrectiveActions key={visit} />;
    case '/reports':
      return <Reports />;
    case '/access-log':
      return <AccessLog key={visit} />;
    default:
      return <p className="empty">{words.notFound}</p>;
  }
}
