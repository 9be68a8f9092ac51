// The script of the log's thread.
import { workerData } from 'node:worker_threads'
import { runLogThread } from './log-thread.js'

runLogThread(workerData)
