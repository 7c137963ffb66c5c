// Reads one workbook in a thread of its own, which its starter bounds in memory and time, and posts its sheets.
const { parentPort, workerData } = require('node:worker_threads');
const xlsx = require('@e965/xlsx/dist/xlsx.mini.min.js');

try {
  const { SheetNames, Sheets, Workbook } = xlsx.read(Buffer.from(workerData), {
    type: 'buffer',
    cellDates: true,
    cellFormula: true,
    cellHTML: false,
    sheetStubs: true,
  });
  const hidden = (Workbook?.Sheets ?? []).filter(({ Hidden }) => Hidden).map(({ name }) => name);
  parentPort.postMessage({ names: SheetNames, sheets: Sheets, hidden });
} catch (error) {
  parentPort.postMessage({ failure: error.message });
}
