import type { CalendarDate } from '@internationalized/date';
import { useState } from 'react';
import { Calendar as Months } from 'react-aria-components';
import { jalaliText, parseDay, todayInTehran, weekdayOf } from '../dates';
import { Month } from '../parts';
import { useWords } from '../words';

interface Props {
  label: string;
  /** the month of this day is shown first */
  from: string;
  isOff: (day: string) => boolean;
  weekly: readonly string[];
  yearly: readonly string[];
  /** null: to be looked at */
  press: ((date: CalendarDate) => void) | null;
  /** a press means the day of every year */
  everyYear: boolean;
}

/** The months of the Persian calendar with their days off; a press puts one in or takes it off. */
export function Calendar({ label, from, isOff, weekly, yearly, press, everyYear }: Props) {
  const words = useWords();
  const [focused, setFocused] = useState<CalendarDate | null>(null);
  const offBy = (date: CalendarDate): 'week' | 'year' | 'once' | null => {
    const day = jalaliText(date);
    return weekly.includes(weekdayOf(date)) ? 'week' : yearly.includes(day.slice(5)) ? 'year' : isOff(day) ? 'once' : null;
  };
  const first = parseDay(from, todayInTehran()) ?? todayInTehran();
  return (
    <Months
      className="months"
      aria-label={label}
      value={null}
      focusedValue={focused ?? first}
      onFocusChange={(date) => setFocused(date)}
      onChange={(date) => press?.(date as CalendarDate)}
      isReadOnly={press === null}
      // a Friday is taken off by its weekday, a day of every year by that
      isDateUnavailable={(date) =>
        press !== null && (offBy(date as CalendarDate) === 'week' || (!everyYear && offBy(date as CalendarDate) === 'year'))
      }
    >
      <Month mark={offBy} />
      <p className="legend">
        <span>
          <i className="swatch off-week" /> {words.terms.weekly}
        </span>
        <span>
          <i className="swatch off-year" /> {words.terms.yearly}
        </span>
        <span>
          <i className="swatch off-once" /> {words.terms.dated}
        </span>
      </p>
    </Months>
  );
}
