// The catalogue: every event name that Trailproof emits or expects, with what it means and what others call it.
// A name and its code are for ever. docs/events.md is generated from this file; drift fails the tests.
import type { Outcome, Severity } from './event.js'

export interface CatalogueEntry {
  /** Stable code, for alerts and mappings. */
  code: string
  meaning: string
  /** Default outcome; a record may say otherwise. */
  outcome: Outcome
  /** Default severity, OCSF severity_id. */
  severity: Severity
  /** Name in the OWASP Logging Vocabulary, where it has one. */
  owasp?: string
  /** OCSF 1.8 class_uid and activity_id. */
  ocsf: readonly [classUid: number, activityId: number]
  /** ECS 9 event.category and event.type. */
  ecs: readonly [category: string, type: string]
}

const entry = (
  code: string,
  meaning: string,
  outcome: Outcome,
  severity: Severity,
  ocsf: CatalogueEntry['ocsf'],
  ecs: CatalogueEntry['ecs'],
  owasp?: string,
): CatalogueEntry => ({ code, meaning, outcome, severity, ocsf, ecs, ...(owasp ? { owasp } : {}) })

// biome-ignore format: a table reads best as one
export const CATALOGUE = {
  'login.succeeded': entry('TP1001', 'Credentials were verified by a library or by the application', 'success', 1, [3002, 1], ['authentication', 'start'], 'authn_login_success'),
  'login.failed': entry('TP1002', 'A sign-in attempt was denied, or ended in an error', 'failure', 2, [3002, 1], ['authentication', 'start'], 'authn_login_fail'),
  'login.refused': entry('TP1003', 'Credentials were right, but policy refused the effect since its record was not safe', 'denied', 3, [3002, 1], ['authentication', 'info']),
  'login.challenged': entry('TP1004', 'A sign-in began and waits for a further step (redirect to a provider, second factor)', 'unknown', 1, [3002, 6], ['authentication', 'info']),
  'login.switched': entry('TP1005', 'The application put another account into a running session', 'success', 3, [3002, 7], ['authentication', 'info']),
  'logout.succeeded': entry('TP1010', 'Someone signed out', 'success', 1, [3002, 2], ['authentication', 'end'], 'session_logout'),
  'logout.failed': entry('TP1011', 'Signing out ended in an error; the session may live on', 'error', 3, [3002, 2], ['authentication', 'end']),
  'session.created': entry('TP1101', 'A session was stored for the first time', 'success', 1, [3002, 99], ['session', 'start'], 'session_created'),
  'session.renewed': entry('TP1102', 'A session was used and its life extended', 'success', 1, [3002, 99], ['session', 'info'], 'session_renewed'),
  'session.rotated': entry('TP1103', 'A session continues under a new id', 'success', 1, [3002, 99], ['session', 'info']),
  'session.ended': entry('TP1104', 'A session was destroyed', 'success', 1, [3002, 2], ['session', 'end'], 'session_expired'),
  'session.expired': entry('TP1105', 'A session was presented after its end of life', 'failure', 2, [3002, 2], ['session', 'end'], 'session_expired'),
  'session.replayed': entry('TP1106', 'A session id was presented after the session had ended or been rotated away', 'denied', 4, [3002, 1], ['session', 'info'], 'session_use_after_expire'),
  'session.invalid': entry('TP1107', 'A session cookie was presented that is forged, unsigned, unknown or cannot be restored', 'denied', 3, [3002, 1], ['session', 'info']),
  'session.failed': entry('TP1108', 'Credentials were right, but the session could not be established', 'error', 3, [3002, 99], ['session', 'info']),
  'session.store_failed': entry('TP1109', 'The session store answered with an error', 'error', 3, [6002, 99], ['session', 'info']),
  'session.fixation_suspected': entry('TP1110', 'A session kept its id across a sign-in, or an id not ours was taken over', 'unknown', 4, [2004, 1], ['intrusion_detection', 'info']),
  'token.issued': entry('TP1201', 'A token was signed', 'success', 1, [3002, 99], ['authentication', 'info'], 'authn_token_created'),
  'token.verified': entry('TP1202', 'A token was verified', 'success', 1, [3002, 99], ['authentication', 'info']),
  'token.rejected': entry('TP1203', 'A token was presented and rejected', 'denied', 3, [3002, 1], ['authentication', 'info']),
  'token.issue_failed': entry('TP1204', 'Signing a token failed', 'error', 3, [3002, 99], ['authentication', 'info']),
  'token.refreshed': entry('TP1205', 'A refresh token was exchanged for new tokens', 'success', 1, [3002, 5], ['authentication', 'info']),
  'token.rotated': entry('TP1206', 'A refresh token was replaced by its successor', 'success', 1, [3002, 99], ['authentication', 'info']),
  'token.revoked': entry('TP1207', 'A token was revoked', 'success', 2, [3002, 99], ['authentication', 'end'], 'authn_token_revoked'),
  'token.expired': entry('TP1208', 'A token reached the end of its life', 'success', 1, [3002, 99], ['authentication', 'end']),
  'token.reuse_detected': entry('TP1209', 'A token was used again after it had been revoked or exchanged', 'denied', 5, [2004, 1], ['intrusion_detection', 'denied'], 'authn_token_reuse'),
  'mfa.succeeded': entry('TP1301', 'A second factor was verified', 'success', 1, [3002, 1], ['authentication', 'start']),
  'mfa.failed': entry('TP1302', 'A second factor was wrong', 'failure', 3, [3002, 1], ['authentication', 'start']),
  'mfa.enrolled': entry('TP1303', 'A second factor was added', 'success', 2, [3001, 10], ['iam', 'change']),
  'mfa.removed': entry('TP1304', 'A second factor was removed', 'success', 3, [3001, 11], ['iam', 'change']),
  'password.changed': entry('TP1401', 'A password was changed', 'success', 2, [3001, 3], ['iam', 'change'], 'authn_password_change'),
  'password.change_failed': entry('TP1402', 'A password change was denied', 'failure', 3, [3001, 3], ['iam', 'change'], 'authn_password_change_fail'),
  'password.reset_requested': entry('TP1403', 'A password reset was asked for', 'success', 2, [3001, 4], ['iam', 'info']),
  'password.reset': entry('TP1404', 'A password was reset', 'success', 2, [3001, 4], ['iam', 'change']),
  'account.created': entry('TP1501', 'An account was created', 'success', 2, [3001, 1], ['iam', 'creation'], 'user_created'),
  'account.updated': entry('TP1502', 'An account was changed', 'success', 1, [3001, 99], ['iam', 'change'], 'user_updated'),
  'account.disabled': entry('TP1503', 'An account was disabled', 'success', 3, [3001, 5], ['iam', 'change']),
  'account.enabled': entry('TP1504', 'An account was enabled', 'success', 3, [3001, 2], ['iam', 'change']),
  'account.locked': entry('TP1505', 'An account was locked', 'success', 3, [3001, 9], ['iam', 'change'], 'authn_login_lock'),
  'account.unlocked': entry('TP1506', 'An account was unlocked', 'success', 2, [3001, 12], ['iam', 'change']),
  'account.deleted': entry('TP1507', 'An account was deleted', 'success', 3, [3001, 6], ['iam', 'deletion'], 'user_deleted'),
  'account.linked': entry('TP1508', 'An account at a provider was linked to the account signed in', 'success', 2, [3001, 99], ['iam', 'change']),
  'account.link_failed': entry('TP1509', 'Linking an account at a provider was denied', 'failure', 2, [3001, 99], ['iam', 'change']),
  'role.granted': entry('TP1601', 'A role was granted', 'success', 3, [3005, 1], ['iam', 'change'], 'authz_change'),
  'role.revoked': entry('TP1602', 'A role was taken away', 'success', 3, [3005, 2], ['iam', 'change'], 'authz_change'),
  'authz.granted': entry('TP1701', 'Access was allowed', 'success', 1, [3003, 99], ['api', 'allowed']),
  'authz.denied': entry('TP1702', 'Access was denied', 'denied', 3, [3003, 99], ['api', 'denied'], 'authz_fail'),
  'admin.action': entry('TP1703', 'Someone used an administrator\'s power', 'success', 3, [6003, 99], ['iam', 'admin'], 'authz_admin'),
  'impersonation.started': entry('TP1704', 'Someone began to act as another person', 'success', 4, [3002, 7], ['iam', 'change']),
  'impersonation.stopped': entry('TP1705', 'Someone stopped acting as another person', 'success', 2, [3002, 7], ['iam', 'change']),
  'resource.created': entry('TP1801', 'A guarded resource was created', 'success', 1, [6001, 1], ['api', 'creation'], 'sensitive_create'),
  'resource.read': entry('TP1802', 'A guarded resource was read', 'success', 1, [6001, 2], ['api', 'access'], 'sensitive_read'),
  'resource.updated': entry('TP1803', 'A guarded resource was changed', 'success', 1, [6001, 3], ['api', 'change'], 'sensitive_update'),
  'resource.deleted': entry('TP1804', 'A guarded resource was deleted', 'success', 2, [6001, 4], ['api', 'deletion'], 'sensitive_delete'),
  'resource.exported': entry('TP1805', 'Guarded resources were exported', 'success', 2, [6001, 7], ['api', 'access']),
  'audit.started': entry('TP1901', 'A process began to record', 'success', 1, [6002, 3], ['process', 'start'], 'sys_startup'),
  'audit.stopped': entry('TP1902', 'A process stopped recording in good order', 'success', 1, [6002, 4], ['process', 'end'], 'sys_shutdown'),
  'audit.heartbeat': entry('TP1903', 'What was seen, recorded, declared and dropped since the last heartbeat', 'success', 1, [6002, 99], ['process', 'info']),
  'audit.coverage': entry('TP1904', 'What is hooked in this process', 'success', 1, [6002, 99], ['configuration', 'info']),
  'audit.dropped': entry('TP1905', 'Records were lost, counted by event', 'error', 5, [6002, 99], ['process', 'info']),
  'audit.slow': entry('TP1906', 'Waits for the log ended before the record was safe, counted', 'error', 4, [6002, 99], ['process', 'info']),
  'audit.recovered': entry('TP1907', 'A log was continued after a crash; the range was not signed before', 'unknown', 2, [6002, 99], ['process', 'info']),
  'audit.key_rotated': entry('TP1920', 'The log was handed over to another signing key; the key before it signs nothing after this record', 'success', 3, [6002, 99], ['configuration', 'change']),
  'audit.integrity_failed': entry('TP1908', 'A log was found damaged or rolled back: on opening, it was left untouched and this log cites it; or by its own daily verification', 'failure', 6, [2004, 1], ['intrusion_detection', 'info']),
  'audit.clock_stepped': entry('TP1909', 'The wall clock jumped', 'unknown', 3, [6002, 99], ['host', 'info']),
  'audit.sink_failed': entry('TP1921', 'An anchor or a sink stopped taking what it is given', 'error', 4, [6002, 99], ['process', 'info']),
  'audit.sink_recovered': entry('TP1922', 'An anchor or a sink takes again what it is given', 'success', 2, [6002, 99], ['process', 'info']),
  'audit.retention_purged': entry('TP1910', 'Records older than the limit were removed; their hashes stay', 'success', 3, [6002, 99], ['file', 'deletion']),
  'audit.override': entry('TP1923', 'For a stated time what policy would refuse goes on (break-glass): begun or ended, by whom and why', 'unknown', 5, [3003, 99], ['configuration', 'change']),
  'audit.verified': entry('TP1924', 'A process verified its own log: lines, checkpoints, tiles', 'success', 1, [6002, 99], ['process', 'info']),
  'audit.storage_checked': entry('TP1925', 'Where the log is kept: file system, free space, permissions, lock, segments', 'success', 1, [6002, 99], ['host', 'info']),
  'audit.checkpoint_seen': entry('TP1930', 'In a meta-log: the newest checkpoint of another log, verified and consistent with the one before', 'success', 1, [6002, 99], ['process', 'info']),
  'audit.process_silent': entry('TP1931', 'In a meta-log: a process gives no sign of life and has not stopped in good order', 'failure', 5, [6002, 99], ['process', 'info']),
  'audit.process_missing': entry('TP1932', 'In a meta-log: a log that was there, or is expected, is not there; or too few processes are alive', 'failure', 5, [6002, 99], ['process', 'info']),
  'audit.process_unexpected': entry('TP1933', 'In a meta-log: a log is there that nobody expects', 'failure', 4, [6002, 99], ['process', 'info']),
  'audit.finding_ended': entry('TP1934', 'In a meta-log: what was found about a log holds no longer', 'success', 2, [6002, 99], ['process', 'info']),
} as const satisfies Record<string, CatalogueEntry>

/** A name that the catalogue knows. */
export type CatalogueName = keyof typeof CATALOGUE

/** Names under `audit.` are the audit's own; applications cannot report them. */
export const RESERVED = 'audit.'

const NAME = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/

/** Is it a name at all: subject first, lower case, dots between, at most 64 characters. */
export function isEventName(name: unknown): name is string {
  return typeof name === 'string' && name.length <= 64 && NAME.test(name)
}

/** What is known of a name; own names are informational and succeed unless the record says otherwise. */
export function lookUp(name: string): Pick<CatalogueEntry, 'outcome' | 'severity'> {
  return Object.hasOwn(CATALOGUE, name) ? CATALOGUE[name as CatalogueName] : { outcome: 'success', severity: 1 }
}
