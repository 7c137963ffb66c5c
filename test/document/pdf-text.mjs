// What is on the pages of the PDF files named as arguments, as JSON on stdout: per file a list of pages, per page
// its lines from the top, read from right to left, whether all text is inside the page, and its linear barcodes as
// bars [left, width] in modules. A process of its own, since pdfjs-dist is an ES module and jest runs CommonJS.
import { readFileSync } from 'node:fs';
import { getDocument, OPS } from 'pdfjs-dist/legacy/build/pdf.mjs';

const ARABIC_LETTER = /[\u0621-\u065f\u066e-\u06d3\u06fa-\u06ff]/;

/** Runs stand in the order of the page: a line's runs go from right to left, what is no Persian among them not. */
function lines(items) {
  const rows = [];
  for (const item of items) {
    const [, , , , , y] = item.transform;
    const row = rows.find((each) => Math.abs(each.y - y) < 1);
    if (row) row.items.push(item);
    else rows.push({ y, items: [item] });
  }
  rows.sort((a, b) => b.y - a.y);
  return rows.map((row) => {
    row.items.sort((a, b) => b.transform[4] - a.transform[4]);
    const out = [];
    let ltr = [];
    for (const item of row.items) {
      if (ARABIC_LETTER.test(item.str) || item.str === ' ') {
        out.push(...ltr.reverse(), item);
        ltr = [];
      } else {
        // a wide gap is the next column, not the same figure
        const after = ltr.at(-1);
        if (after && after.transform[4] - (item.transform[4] + item.width) > 6) {
          out.push(...ltr.reverse(), { str: ' ' });
          ltr = [];
        }
        ltr.push(item);
      }
    }
    out.push(...ltr.reverse());
    return out.map((item) => item.str).join('');
  });
}

async function barcodes(page) {
  const { fnArray, argsArray } = await page.getOperatorList();
  const found = new Map();
  const saved = [];
  let width = 1;
  let place = '';
  fnArray.forEach((fn, i) => {
    const args = argsArray[i];
    if (fn === OPS.save) saved.push(width);
    else if (fn === OPS.restore) width = saved.pop() ?? 1;
    else if (fn === OPS.setLineWidth) width = args[0];
    else if (fn === OPS.transform) place = JSON.stringify(args);
    else if (fn === OPS.constructPath) {
      const path = Object.values(args[1]?.[0] ?? {});
      for (let at = 0; at + 5 < path.length; at += 6) {
        const [move, x0, , draw, x1] = path.slice(at, at + 5);
        if (move !== 0 || draw !== 1 || x0 !== x1) return;
        found.set(place, [...(found.get(place) ?? []), [x0 - width / 2, width]]);
      }
    }
  });
  return [...found.values()].filter((bars) => bars.length > 20).map((bars) => bars.sort((a, b) => a[0] - b[0]));
}

const files = [];
for (const path of process.argv.slice(2)) {
  const document = await getDocument({ data: new Uint8Array(readFileSync(path)), verbosity: 0 }).promise;
  const pages = [];
  for (let n = 1; n <= document.numPages; n++) {
    const page = await document.getPage(n);
    const { items } = await page.getTextContent({ disableNormalization: true });
    const [left, bottom, right, top] = page.view;
    const text = items.filter((item) => item.str !== '');
    pages.push({
      lines: lines(text),
      inside: text.every(({ width, transform: [, , , , x, y] }) => x >= left && x + width <= right && y >= bottom && y <= top),
      barcodes: await barcodes(page),
    });
  }
  files.push(pages);
}
process.stdout.write(JSON.stringify(files));
