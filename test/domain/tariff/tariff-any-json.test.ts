/* Whoever may send a document may send anything: JSON.parse('{"toString":1}') is an object that no template turns into text. */
import { readDocument } from '../../../src/domain/tariff/tariff-review.js';
import practice from '../../../tariffs/practice-1405.json';
import { table } from '../sample.js';

test.each<[string, unknown]>([
  ['the practice tariff', practice],
  ['a published table', table],
])('%s with such an object in the place of any part has faults, and no error of ours', (_, document) => {
  let tried = 0;
  const inEachPlace = (node: Record<string, unknown>): void => {
    for (const [name, value] of Object.entries(node)) {
      node[name] = { toString: 1 };
      for (const { message, detail } of readDocument(document).faults)
        expect([message, detail]).toEqual([expect.stringMatching(/[a-z]/), expect.stringMatching(/[آ-ی].*\.$/)]);
      node[name] = value;
      tried += 1;
      if (typeof value === 'object' && value !== null) inEachPlace(value as Record<string, unknown>);
    }
  };
  inEachPlace(document as Record<string, unknown>);
  expect(tried).toBeGreaterThan(150);
});
