declare const jalaliDate: unique symbol;
/** A Jalali civil date `yyyy/mm/dd` in Latin digits, zero-padded: compares as text, travels as JSON. */
export type JalaliDate = string & { readonly [jalaliDate]: true };
