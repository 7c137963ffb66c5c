import { firstRow, itHasNoBarriers, openCounter } from './counter.js';
import { peoplePage } from './pages/people.js';

const counter = openCounter({ subscribers: 20 });

it('records a person and tells the one-time password once', async () => {
  const page = await counter.open('admin', { path: '/people' });
  const people = peoplePage(page);
  const password = await people.add('نرگس کاظمی', 'n.kazemi');
  const signedIn = await fetch(counter.address('/api/v1/session'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: 'n.kazemi', password }),
  });
  expect(await signedIn.json()).toMatchObject({ id: 'n.kazemi', role: 'clerk', mustChangePassword: true });
  await page.getByRole('link', { name: 'نرگس کاظمی' }).click();
  await people.recordQualification();
});

itHasNoBarriers(counter, 'admin', '/people', firstRow);
itHasNoBarriers(counter, 'admin', '/people/clerk-01', firstRow);
