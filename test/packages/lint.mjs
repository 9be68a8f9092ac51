// publint and are-the-types-wrong on one tarball. Copied beside their installed packages before it runs.
import { readFileSync } from 'node:fs'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

const bytes = readFileSync(process.argv[2])
const tarball = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
const { messages, pkg } = await publint({ pack: { tarball }, strict: true })
for (const message of messages) console.log(`publint: ${formatMessage(message, pkg)}`)

const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)))
if (!analysis.types) console.log('are the types wrong: there are none')
const { problems = [] } = analysis
for (const { kind, ...where } of problems) console.log(`are the types wrong: ${kind} ${JSON.stringify(where)}`)
process.exitCode = messages.length || problems.length || !analysis.types ? 1 : 0
