/** How this adapter names itself in records, counts and coverage. */
export const HOOK = 'nestjs'
