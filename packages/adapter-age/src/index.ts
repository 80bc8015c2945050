/**
 * Encryption of artifacts with the program age.
 *
 * @module @geolens/backup-adapter-age
 */
export { AgeCipher, type AgeCipherOptions } from './age-cipher.ts';
export { AgeDiagnosticCheck, type AgeDiagnosticCheckOptions } from './age-diagnostic-check.ts';
export { generateIdentity, unlockIdentities, type GeneratedIdentity } from './identities.ts';
export { checkRecipients, fingerprintOf, parseRecipients } from './recipients.ts';
