import { createApp } from 'vue'
import 'element-plus/theme-chalk/base.css'
import 'element-plus/theme-chalk/dark/css-vars.css'
import './styles/base.css'
import App from './App.vue'
import { onSignedOut } from './api/client'
import { router } from './router'
import { endSession } from './state/session'

onSignedOut(endSession)
createApp(App).use(router).mount('#app')
