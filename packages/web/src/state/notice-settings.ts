import { isLanguage, type Language } from '../words/languages.js';

/** How this browser tells the user of new messages. */
export interface NoticeSettings {
  /** Whether to show notifications of the system. */
  readonly shows: boolean;
  /** Whether notifications contain the text of messages. */
  readonly showsText: boolean;
  readonly playsSound: boolean;
  /** End of "do not disturb", in Unix ms of the server's clock; 0 if it is off. */
  readonly quietUntilMs: number;
  /** Whether the server may wake this browser while the page is closed. */
  readonly pushes: boolean;
  /** Language of what is shown while the page is closed; undefined means that of the browser. */
  readonly language: Language | undefined;
}

export const quietSettings: NoticeSettings = {
  shows: false,
  showsText: false,
  playsSound: false,
  quietUntilMs: 0,
  pushes: false,
  language: undefined,
};

/** Durations of "do not disturb", in seconds. */
export const quietSeconds = [3_600, 28_800, 86_400] as const;

/** Returns the settings that a browser has stored, perhaps by another version of the page. */
export function noticeSettingsOf(stored: unknown): NoticeSettings {
  const { quietUntilMs, language, ...switches } = (stored ?? {}) as Partial<Record<keyof NoticeSettings, unknown>>;
  const until = typeof quietUntilMs === 'number' && Number.isFinite(quietUntilMs) ? quietUntilMs : 0;
  return {
    shows: switches.shows === true,
    showsText: switches.showsText === true,
    playsSound: switches.playsSound === true,
    pushes: switches.pushes === true,
    quietUntilMs: until,
    language: isLanguage(language) ? language : undefined,
  };
}

/** Returns for how many more milliseconds the user does not want to be disturbed. */
export function quietForMs({ quietUntilMs }: NoticeSettings, serverNowMs: number): number {
  const longestMs = Math.max(...quietSeconds) * 1_000;
  const leftMs = quietUntilMs - serverNowMs;
  return leftMs <= 0 || leftMs > longestMs ? 0 : leftMs; // More than that comes from a clock that was wrong.
}
