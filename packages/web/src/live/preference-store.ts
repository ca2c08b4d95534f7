import { type PagePreferences, preferencesOf } from '../state/preferences.js';
import { Store } from '../state/store.js';
import { readPreferences, watchPreferences, writePreferences } from '../storage/preferences.js';
import { type Language, preferredLanguage } from '../words/languages.js';
import { speak } from '../words/words.js';

/** The preferences, and the language that the page speaks now. */
export interface PreferencesState {
  readonly preferences: PagePreferences;
  readonly language: Language;
}

/** Keeps the preferences of this browser the same in all tabs, and applies them to the page. */
export class PreferenceStore {
  readonly #store = new Store<PreferencesState, PreferencesState>((_, state) => state, {
    preferences: preferencesOf(null),
    language: 'en',
  });
  #last: Promise<void> = Promise.resolve();

  readonly state = () => this.#store.state();
  readonly subscribe = (listener: () => void) => this.#store.subscribe(listener);

  /** Applies the stored preferences. If the texts of the language cannot be loaded, the page speaks English. */
  async start(): Promise<void> {
    const preferences = preferencesOf(readPreferences());
    await this.#apply(preferences).catch(() => this.#show(preferences, 'en'));
    watchPreferences((stored) => this.#apply(preferencesOf(stored)).catch(() => {})); // The next start tries again.
  }

  /**
   * Applies and stores a choice.
   * @throws {TypeError} if the texts of a language cannot be loaded
   */
  async change(choice: Partial<PagePreferences>): Promise<void> {
    const preferences = { ...this.state().preferences, ...choice };
    await this.#apply(preferences);
    writePreferences(JSON.stringify(preferences));
  }

  /** Applies preferences one after another, so that the last ones stay. */
  #apply(preferences: PagePreferences): Promise<void> {
    const applied = this.#last.then(() => this.#load(preferences));
    this.#last = applied.catch(() => {});
    return applied;
  }

  async #load(preferences: PagePreferences): Promise<void> {
    const language = preferences.language ?? preferredLanguage(navigator.languages);
    await speak(language, navigator.languages);
    this.#show(preferences, language);
  }

  #show(preferences: PagePreferences, language: Language): void {
    const { documentElement: root } = document;
    root.lang = language;
    root.dataset.theme = preferences.theme;
    root.dataset.density = preferences.density;
    this.#store.dispatch({ preferences, language });
  }
}
