import { SEARCH_ATTRIBUTE_TYPES } from '../../src/workflows/search-attributes.js';
import { readFileSync } from 'node:fs';

/** What a Temporal server with a SQL visibility store holds of each type; one more and it does not start. */
const LIMITS = { Bool: 3, Int: 3, Keyword: 10 };

test('no more search attributes of a type than a server holds', () => {
  for (const [type, most] of Object.entries(LIMITS)) {
    expect(Object.values(SEARCH_ATTRIBUTE_TYPES).filter((each) => each === type).length).toBeLessThanOrEqual(most);
  }
});

test('the production form registers all of them', () => {
  const compose = readFileSync('docker-compose.yml', 'utf8');
  for (const [name, type] of Object.entries(SEARCH_ATTRIBUTE_TYPES))
    expect(compose).toMatch(new RegExp(`--type ${type} .*--name ${name}\\b`));
});
