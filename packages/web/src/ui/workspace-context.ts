import { createContext, useContext } from 'react';
import type { OpenConversation } from '../live/open-conversation.js';
import type { PreferenceStore } from '../live/preference-store.js';
import type { Workspace } from '../live/workspace.js';

/** Provides the workspace of the signed-in user. */
export const WorkspaceContext = createContext<Workspace | undefined>(undefined);
/** Provides the room or chat that the user sees. */
export const ConversationContext = createContext<OpenConversation | undefined>(undefined);

/** Provides the preferences of this browser. */
export const PreferencesContext = createContext<PreferenceStore | undefined>(undefined);

/** Returns the workspace of the signed-in user. */
export function useWorkspace(): Workspace {
  const workspace = useContext(WorkspaceContext);
  if (workspace === undefined) throw new Error('Nobody is signed in.');
  return workspace;
}

/** Returns the room or chat that the user sees. */
export function useOpenConversation(): OpenConversation {
  const conversation = useContext(ConversationContext);
  if (conversation === undefined) throw new Error('No room or chat is open.');
  return conversation;
}

/** Returns the preferences of this browser. */
export function usePreferences(): PreferenceStore {
  const preferences = useContext(PreferencesContext);
  if (preferences === undefined) throw new Error('The preferences are missing.');
  return preferences;
}
