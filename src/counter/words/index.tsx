import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { I18nProvider } from 'react-aria-components';
import { en } from './en';
import { fa, type Words } from './fa';

export type Language = 'fa' | 'en';
const LANGUAGES = {
  fa: { words: fa, dir: 'rtl', locale: 'fa-IR-u-ca-persian' },
  en: { words: en, dir: 'ltr', locale: 'en-GB-u-ca-persian' },
} as const;
const KEPT = 'tasvieh-language';

interface Speech {
  language: Language;
  words: Words;
  change(): void;
}

const SpeechContext = createContext<Speech>({ language: 'fa', words: fa, change: () => undefined });

/** The page's language, kept on this machine; the document's language and direction follow it. */
export function Speaking({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(() => (localStorage.getItem(KEPT) === 'en' ? 'en' : 'fa'));
  const { words, dir, locale } = LANGUAGES[language];
  useEffect(() => {
    localStorage.setItem(KEPT, language);
    document.documentElement.lang = language;
    document.documentElement.dir = dir;
    document.title = words.name;
  }, [language, dir, words]);
  const speech = useMemo(() => ({ language, words, change: () => setLanguage((now) => (now === 'fa' ? 'en' : 'fa')) }), [language, words]);
  return (
    <I18nProvider locale={locale}>
      <SpeechContext value={speech}>{children}</SpeechContext>
    </I18nProvider>
  );
}

export function useSpeech(): Speech {
  return useContext(SpeechContext);
}

export function useWords(): Words {
  return useContext(SpeechContext).words;
}
