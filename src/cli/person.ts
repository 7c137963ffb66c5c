import { type Command, InvalidArgumentError } from 'commander';
import { todayInTehran } from '../domain/calendar/jalali.js';
import { userName } from '../domain/people/person.js';
import { missingQualifications } from '../domain/people/qualification.js';
import { ROLES, type Role } from '../domain/settlement/settlement.js';
import { cleanText } from '../domain/text.js';
import { Refusal } from '../refusal.js';
import { type CommandContext, withPool } from './context.js';
import type { Doer, PeopleStore } from '../store/people.js';
import type { SignInStore } from '../store/sign-in.js';

type Say = CommandContext['say'];

/** Whoever reaches the database from the command line; the machine's account says nothing about a person. */
const BY: Doer = { id: 'command-line', name: 'command line' };
const PAGE = 200;

/**
 * `person add`, `list` and `reset-password`: how a fresh installation gets its first admin, and one back who has forgotten
 * the password.
 */
export function addPersonCommand(program: Command, context: CommandContext): void {
  const { say } = context;
  const person = program.command('person').description('who works here: the first admin, the list, a forgotten password');
  const withStores = (act: (people: PeopleStore, signIn: SignInStore) => Promise<void>): Promise<void> =>
    withPool(context, 'tasvieh-person', async (pool) => {
      const [{ createPeopleStore }, { createSignInStore }] = await Promise.all([
        import('../store/people.js'),
        import('../store/sign-in.js'),
      ]);
      await act(createPeopleStore(pool), createSignInStore(pool));
    });
  person
    .command('add')
    .description('record a person and tell the one-time password')
    .requiredOption('--id <id>', 'user name: Latin letters, digits, dot, dash, underscore', userNameOf)
    .requiredOption('--name <name>', 'the person', filled)
    .requiredOption('--office <office>', 'office code', filled)
    .requiredOption('--role <role>', `${ROLES.join('|')}; again for a further one, the first is the usual one`, roles)
    .action((asked: { id: string; name: string; office: string; role: Role[] }) =>
      withStores(async (people, signIn) => {
        const { id, name, office, role } = asked;
        if ((await people.record({ id, name, office, roles: role }, BY)) === null) throw new Refusal(`${id} is recorded already.`);
        say(`${id} is recorded.`);
        await tellPassword(signIn, id, say);
      }),
    );
  person
    .command('list')
    .description('everybody, with what is missing to issue today')
    .option('--office <office>', 'of one office')
    .option('--json')
    .action(({ office = null, json }: { office?: string | null; json?: boolean }) =>
      withStores(async (people) => {
        const today = todayInTehran(new Date());
        let after: string | null = null;
        do {
          const page = await people.list({ query: null, office, limit: PAGE, after });
          for (const { id, name, office: of, roles: held, active, qualifications } of page) {
            const missing = missingQualifications(qualifications, today).map(({ code }) => code);
            if (json) say(JSON.stringify({ id, name, office: of, roles: held, active, missing }));
            else
              say(
                `${id}  ${name}  office ${of}  ${held.join(',')}${active ? '' : '  disabled'}${missing.length > 0 ? `  lacks ${missing.join(', ')}` : ''}`,
              );
          }
          after = page.at(-1)?.id ?? null;
        } while (after !== null);
      }),
    );
  person
    .command('reset-password')
    .description('a new one-time password; ends the person’s sessions and a lock')
    .requiredOption('--id <id>', 'user name', userNameOf)
    .action(({ id }: { id: string }) => withStores((_, signIn) => tellPassword(signIn, id, say)));
}

async function tellPassword(signIn: SignInStore, id: string, say: Say): Promise<void> {
  const password = await signIn.resetPassword(id, BY, new Date());
  if (password === null) throw new Refusal(`${id} is not recorded.`);
  say(`One-time password, good for three days and to be changed at the first sign-in: ${password}`);
}

function userNameOf(text: string): string {
  const name = userName(text);
  if (name === null)
    throw new InvalidArgumentError('2 to 40 Latin letters, digits, dots, dashes and underscores, the first a letter or digit');
  return name;
}

function filled(text: string): string {
  const clean = cleanText(text);
  if (clean === '') throw new InvalidArgumentError('empty');
  return clean;
}

function roles(text: string, before: Role[] = []): Role[] {
  if (!(ROLES as readonly string[]).includes(text)) throw new InvalidArgumentError(`one of ${ROLES.join(', ')}`);
  return [...new Set([...before, text as Role])];
}
