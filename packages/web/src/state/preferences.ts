import { isLanguage, type Language } from '../words/languages.js';

/** Choices for this browser. They stay when the user signs out. */
export interface PagePreferences {
  readonly theme: 'system' | 'light' | 'dark';
  readonly density: 'comfortable' | 'compact';
  /** Undefined means the first language of the browser that the page has. */
  readonly language: Language | undefined;
}

export const themes = ['system', 'light', 'dark'] as const satisfies readonly PagePreferences['theme'][];
export const densities = ['comfortable', 'compact'] as const satisfies readonly PagePreferences['density'][];

/** Returns the stored preferences. An absent or unknown choice becomes the default. */
export function preferencesOf(stored: string | null): PagePreferences {
  const { theme, density, language } = recordOf(stored);
  return {
    theme: themes.find((one) => one === theme) ?? 'system',
    density: densities.find((one) => one === density) ?? 'comfortable',
    language: isLanguage(language) ? language : undefined,
  };
}

function recordOf(stored: string | null): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(stored ?? '{}');
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {}; // Another version, or another program, has written it.
  }
}
