// Every anchor of ours that can say what it knows keeps to the published contract.
import { mkdtempSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderAnchor, httpAnchor } from '@trailproof/anchors'
import { anchorContract } from '@trailproof/testkit'
import { describe, expect, it } from 'vitest'
import { serveStore } from '../../packages/anchors/test/store.js'

anchorContract(
  {
    name: 'folder',
    async create() {
      const dir = mkdtempSync(join(tmpdir(), 'tp-anchor-'))
      return {
        anchor: () => folderAnchor(dir),
        breakDown: () => rm(dir, { recursive: true }),
        remove: async () => rmSync(dir, { recursive: true, force: true }),
      }
    },
  },
  { describe, it, expect },
)

anchorContract(
  {
    name: 'http',
    async create() {
      const { url, close } = await serveStore()
      return { anchor: () => httpAnchor({ url }), breakDown: close, remove: close }
    },
  },
  { describe, it, expect },
)
