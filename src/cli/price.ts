import type { Command } from 'commander';
import { gasPrice } from '../domain/bill/gas-price.js';
import { type JalaliDate, daysBetween } from '../domain/calendar/jalali.js';
import { decimal } from '../domain/fraction.js';
import { Refusal } from '../refusal.js';
import { cubicMetres, date, whole } from './arguments.js';
import type { CommandContext } from './context.js';
import { tariffOfFile } from './tariff-file.js';

/** `price`: the gas price of a period, from files alone. */
export function addPriceCommand(program: Command, { say }: CommandContext): void {
  program
    .command('price')
    .description('the gas price of a period, line by line')
    .requiredOption('--tariff <file>', 'tariff document (JSON)')
    .requiredOption('--from <date>', 'date of the last reading', date)
    .requiredOption('--to <date>', 'date of the reading', date)
    .requiredOption('--m3 <m3>', 'consumption', cubicMetres)
    .option('--use <use>', 'as the tariff names it', 'household')
    .option('--climate <n>', '1 to 5', whole, 1)
    .option('--units <n>', 'units behind the meter', whole, 1)
    .option('--json')
    .action((options: PriceOptions) => price(options, say));
}

interface PriceOptions {
  tariff: string;
  from: JalaliDate;
  to: JalaliDate;
  m3: string;
  use: string;
  climate: number;
  units: number;
  json?: boolean;
}

function price(options: PriceOptions, say: CommandContext['say']): void {
  if (daysBetween(options.from, options.to) < 1) throw new Refusal(`--to ${options.to} is not after --from ${options.from}`);
  if (options.units < 1) throw new Refusal('--units must be at least 1');
  const tariff = tariffOfFile(options.tariff);
  const result = gasPrice({
    tariffs: [tariff],
    after: options.from,
    until: options.to,
    consumption: decimal(options.m3),
    use: options.use,
    climate: options.climate,
    units: options.units,
  });
  if ('noTariffOn' in result) throw new Refusal(`No rate for ${options.use} in climate ${options.climate} on ${result.noTariffOn}`);
  const lines = result.lines.map(({ season, days, rialPerM3, m3, rial }) => ({ season, days, rialPerM3, m3, rial }));
  if (options.json) return say(JSON.stringify({ days: result.days, lines, gasPriceRial: result.gasPriceRial }));
  for (const line of lines) say(`${line.season}  ${line.days} days  ${line.m3} m³ × ${line.rialPerM3} = ${line.rial}`);
  say(`${result.days} days, ${result.gasPriceRial} rial`);
}
