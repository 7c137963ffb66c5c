import type { JalaliDate } from '../domain/calendar/jalali.js';
import { type ServiceTerms, serviceTermsOn } from '../domain/settlement/service-terms.js';
import type { TariffStore } from '../store/tariffs.js';

/** The company's terms of service on a day, of the tariffs on record. */
export async function termsOn(tariffs: Pick<TariffStore, 'versions' | 'tariffs'>, day: JalaliDate): Promise<ServiceTerms> {
  return serviceTermsOn(await tariffs.tariffs(await tariffs.versions()), day);
}
