// What each scenario of the list leaves, whatever the framework: whole records, after what may differ is named or left out.
// Written by test/adapters/records.test.ts from Express 5, and read by people; the facts in the scenarios are by hand.
// biome-ignore-all format: one record, one line
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: data
export const RECORDS: Readonly<Record<string, readonly unknown[]>> = {
  "a right password signs in, into a new session": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
  ],
  "a wrong password": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"hook","hook":"passport","actor":{"claimed":"typed ann","type":"anonymous"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
  ],
  "an unknown name": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"unknown_user","source":"hook","hook":"passport","actor":{"claimed":"typed mallory","type":"anonymous"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
  ],
  "a disabled account": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"account_disabled","source":"hook","hook":"passport","actor":{"claimed":"typed carl","type":"anonymous"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
  ],
  "a form without a password": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"missing_credentials","source":"hook","hook":"passport","actor":{"claimed":"typed ann","type":"anonymous"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
  ],
  "a name that is no text": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"missing_credentials","source":"hook","hook":"passport","actor":{"type":"anonymous"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
  ],
  "the account store is down": [
    {"event":"login.failed","outcome":"error","severity":2,"reason":"error","source":"hook","hook":"passport","actor":{"claimed":"typed breaks","type":"anonymous"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
  ],
  "a strategy that nobody registered": [
    {"event":"login.failed","outcome":"error","severity":2,"reason":"unknown_strategy","source":"hook","hook":"passport","actor":{"type":"anonymous"},"auth":{"attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login/unknown"}},
  ],
  "a sign-in without a session": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login/once"}},
  ],
  "a wrong password, then the right one: both name the same person and browser": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"hook","hook":"passport","actor":{"claimed":"typed ann","type":"anonymous"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 2"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/login"}},
  ],
  "many wrong passwords from one browser are told one by one": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"hook","hook":"passport","actor":{"claimed":"typed ann","type":"anonymous"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"hook","hook":"passport","actor":{"claimed":"typed ann","type":"anonymous"},"auth":{"method":"password","strategy":"local","attempt":"attempt 2"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/login"}},
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"hook","hook":"passport","actor":{"claimed":"typed ann","type":"anonymous"},"auth":{"method":"password","strategy":"local","attempt":"attempt 3"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/login"}},
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"hook","hook":"passport","actor":{"claimed":"typed ann","type":"anonymous"},"auth":{"method":"password","strategy":"local","attempt":"attempt 4"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/login"}},
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"hook","hook":"passport","actor":{"claimed":"typed ann","type":"anonymous"},"auth":{"method":"password","strategy":"local","attempt":"attempt 5"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/login"}},
  ],
  "one password is tried on many accounts": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"hook","hook":"passport","actor":{"claimed":"typed ann","type":"anonymous"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"hook","hook":"passport","actor":{"claimed":"typed bob","type":"anonymous"},"auth":{"method":"password","strategy":"local","attempt":"attempt 2"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/login"}},
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"unknown_user","source":"hook","hook":"passport","actor":{"claimed":"typed mallory","type":"anonymous"},"auth":{"method":"password","strategy":"local","attempt":"attempt 3"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/login"}},
  ],
  "of two strategies the decision counts once: the second says yes": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"jwt+local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login/any"}},
  ],
  "of two strategies the decision counts once: both say no": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"hook","hook":"passport","actor":{"claimed":"typed ann","type":"anonymous"},"auth":{"method":"password","strategy":"jwt+local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login/any"}},
  ],
  "of two strategies the decision counts once: the first says yes": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 1","jti":"jti 1","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-refresh","iat":"<time>","exp":"<time>","verified":true},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 2","jti":"jti 2","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-api","iat":"<time>","exp":"<time>","verified":true},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","type":"user"},"auth":{"method":"token","strategy":"jwt","attempt":"attempt 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"POST","route":"/login/any"}},
    {"event":"token.verified","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 2","jti":"jti 2","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-api","iat":"<time>","exp":"<time>","verified":true},"http":{"method":"POST","route":"/login/any"}},
  ],
  "a callback of the application answers 200 to a wrong password: a failure all the same": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"hook","hook":"passport","actor":{"claimed":"typed ann","type":"anonymous"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login/kind"}},
  ],
  "a callback of the application signs in by itself": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login/kind"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login/kind"}},
  ],
  "MFA step-up: password, wrong code, right code": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"bob","claimed":"typed bob","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login/kind"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"bob","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login/kind"}},
    {"event":"mfa.failed","outcome":"failure","severity":3,"reason":"bad_code","source":"app","actor":{"ref":"bob","type":"user"},"auth":{"method":"mfa","factors":["totp"]},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/mfa"}},
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"bob","type":"user"},"auth":{"method":"application","attempt":"attempt 2"},"session":{"ref":"session 2"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/mfa"}},
    {"event":"mfa.succeeded","outcome":"success","severity":1,"source":"app","actor":{"ref":"bob","type":"user"},"auth":{"method":"mfa","factors":["totp"]},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/mfa"}},
    {"event":"session.rotated","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"bob","type":"user"},"session":{"from":"session 1","ref":"session 2"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/mfa"}},
  ],
  "a second factor without a first one is a denial": [
    {"event":"authz.denied","outcome":"denied","severity":3,"reason":"unauthenticated","source":"hook","hook":"framework","actor":{"type":"anonymous"},"http":{"method":"POST","route":"/mfa","status":401}},
  ],
  "remember-me: the browser comes back without its session": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","type":"user"},"auth":{"method":"remember-me","strategy":"remember-me","attempt":"attempt 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"GET","route":"/welcome"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"GET","route":"/welcome"}},
  ],
  "remember-me: a token that was used up": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","type":"user"},"auth":{"method":"remember-me","strategy":"remember-me","attempt":"attempt 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"GET","route":"/welcome"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"GET","route":"/welcome"}},
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"remember_unknown","source":"hook","hook":"passport","actor":{"type":"anonymous"},"auth":{"method":"remember-me","strategy":"remember-me","attempt":"attempt 3"},"client":{"device":"device 3","device_source":"issued"},"http":{"method":"GET","route":"/welcome"}},
  ],
  "remember-me: nothing remembered is no attempt": [],
  "OAuth: sent to the provider, and back with a code": [
    {"event":"login.challenged","outcome":"unknown","severity":1,"source":"hook","hook":"passport","actor":{"type":"anonymous"},"auth":{"method":"oauth","strategy":"oauth2","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"GET","route":"/oauth"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"type":"anonymous"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"GET","route":"/oauth"}},
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","type":"user"},"auth":{"method":"oauth","strategy":"oauth2","attempt":"attempt 2"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"GET","route":"/oauth/callback"}},
    {"event":"session.rotated","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"from":"session 1","ref":"session 2"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"GET","route":"/oauth/callback"}},
  ],
  "OAuth: denied at the provider": [
    {"event":"login.challenged","outcome":"unknown","severity":1,"source":"hook","hook":"passport","actor":{"type":"anonymous"},"auth":{"method":"oauth","strategy":"oauth2","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"GET","route":"/oauth"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"type":"anonymous"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"GET","route":"/oauth"}},
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"access_denied","source":"hook","hook":"passport","actor":{"type":"anonymous"},"auth":{"method":"oauth","strategy":"oauth2","attempt":"attempt 2"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"GET","route":"/oauth/callback"}},
  ],
  "OAuth: a state that is not ours": [
    {"event":"login.challenged","outcome":"unknown","severity":1,"source":"hook","hook":"passport","actor":{"type":"anonymous"},"auth":{"method":"oauth","strategy":"oauth2","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"GET","route":"/oauth"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"type":"anonymous"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"GET","route":"/oauth"}},
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_state","source":"hook","hook":"passport","actor":{"type":"anonymous"},"auth":{"method":"oauth","strategy":"oauth2","attempt":"attempt 2"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"GET","route":"/oauth/callback"}},
  ],
  "OAuth: a code that the provider does not take": [
    {"event":"login.challenged","outcome":"unknown","severity":1,"source":"hook","hook":"passport","actor":{"type":"anonymous"},"auth":{"method":"oauth","strategy":"oauth2","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"GET","route":"/oauth"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"type":"anonymous"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"GET","route":"/oauth"}},
    {"event":"login.failed","outcome":"error","severity":2,"reason":"invalid_grant","source":"hook","hook":"passport","actor":{"type":"anonymous"},"auth":{"method":"oauth","strategy":"oauth2","attempt":"attempt 2"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"GET","route":"/oauth/callback"}},
  ],
  "OAuth: someone whom the provider knows and the shop does not": [
    {"event":"login.challenged","outcome":"unknown","severity":1,"source":"hook","hook":"passport","actor":{"type":"anonymous"},"auth":{"method":"oauth","strategy":"oauth2","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"GET","route":"/oauth"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"type":"anonymous"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"GET","route":"/oauth"}},
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"unknown_user","source":"hook","hook":"passport","actor":{"type":"anonymous"},"auth":{"method":"oauth","strategy":"oauth2","attempt":"attempt 2"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"GET","route":"/oauth/callback"}},
  ],
  "a service account with its API key": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"stock-service","type":"service"},"auth":{"method":"apikey","strategy":"apikey","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"GET","route":"/api/stock"}},
  ],
  "an API key that is wrong, and one that is missing": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_key","source":"hook","hook":"passport","actor":{"type":"anonymous"},"auth":{"method":"apikey","strategy":"apikey","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"GET","route":"/api/stock"}},
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"missing_credentials","source":"hook","hook":"passport","actor":{"type":"anonymous"},"auth":{"method":"apikey","strategy":"apikey","attempt":"attempt 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"GET","route":"/api/stock"}},
  ],
  "a sign-in of the application’s own, told by itself, is not told again by its 401": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"app","actor":{"claimed":"typed ann","type":"anonymous"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/own/login"}},
  ],
  "logout ends the session": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"logout.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/logout"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 2"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/logout"}},
    {"event":"session.ended","outcome":"success","severity":1,"reason":"logout","source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/logout"}},
  ],
  "a logout of nobody is none, though passport gives them a session": [
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"type":"anonymous"},"session":{"ref":"session 1"},"http":{"method":"POST","route":"/logout"}},
    {"event":"session.rotated","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"type":"anonymous"},"session":{"from":"session 1","ref":"session 2"},"http":{"method":"POST","route":"/logout"}},
  ],
  "another person signs in on the same browser": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"dana","claimed":"typed dana","type":"admin"},"auth":{"method":"password","strategy":"local","attempt":"attempt 2"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.rotated","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"dana","type":"admin"},"session":{"from":"session 1","ref":"session 2"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/login"}},
  ],
  "the client goes away during a slow check: the sign-in is completed, and told": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"slow","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login/slow"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login/slow"}},
  ],
  "the client goes away during a slow check that ends in a no": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"hook","hook":"passport","actor":{"claimed":"typed ann","type":"anonymous"},"auth":{"method":"password","strategy":"slow","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login/slow"}},
  ],
  "two people sign in at the same time, each in a browser of their own": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"slow","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login/slow"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login/slow"}},
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"dana","claimed":"typed dana","type":"admin"},"auth":{"method":"password","strategy":"slow","attempt":"attempt 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"POST","route":"/login/slow"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"dana","type":"admin"},"session":{"ref":"session 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"POST","route":"/login/slow"}},
  ],
  "a visitor’s cart is a session of nobody": [
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"type":"anonymous"},"session":{"ref":"session 1"},"http":{"method":"POST","route":"/cart"}},
  ],
  "a session that is used is renewed": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.renewed","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"GET","route":"/account"}},
  ],
  "a visitor signs in: the session goes on under another id": [
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"type":"anonymous"},"session":{"ref":"session 1"},"http":{"method":"POST","route":"/cart"}},
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.rotated","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"from":"session 1","ref":"session 2"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
  ],
  "the application rotates a session by itself": [
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"type":"anonymous"},"session":{"ref":"session 1"},"http":{"method":"POST","route":"/cart"}},
    {"event":"session.rotated","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"type":"anonymous"},"session":{"from":"session 1","ref":"session 2"},"http":{"method":"POST","route":"/session/regenerate"}},
  ],
  "the application destroys a session": [
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"type":"anonymous"},"session":{"ref":"session 1"},"http":{"method":"POST","route":"/cart"}},
    {"event":"session.ended","outcome":"success","severity":1,"reason":"destroyed","source":"hook","hook":"session","actor":{"type":"anonymous"},"session":{"ref":"session 1"},"http":{"method":"POST","route":"/session/destroy"}},
  ],
  "theft: a session is presented after its owner signed out": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"logout.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/logout"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 2"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/logout"}},
    {"event":"session.ended","outcome":"success","severity":1,"reason":"logout","source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/logout"}},
    {"event":"authz.denied","outcome":"denied","severity":3,"reason":"unauthenticated","source":"hook","hook":"framework","actor":{"type":"anonymous"},"http":{"method":"GET","route":"/account","status":401}},
    {"event":"session.replayed","outcome":"denied","severity":4,"reason":"ended","source":"hook","hook":"session","actor":{"type":"anonymous"},"session":{"ref":"session 1"},"http":{"method":"GET"}},
  ],
  "theft: an id that was given up at sign-in is presented": [
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"type":"anonymous"},"session":{"ref":"session 1"},"http":{"method":"POST","route":"/cart"}},
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.rotated","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"from":"session 1","ref":"session 2"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.replayed","outcome":"denied","severity":4,"reason":"rotated","source":"hook","hook":"session","actor":{"type":"anonymous"},"session":{"ref":"session 1"},"http":{"method":"GET"}},
  ],
  "a session cookie with a forged signature": [
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"type":"anonymous"},"session":{"ref":"session 1"},"http":{"method":"POST","route":"/cart"}},
    {"event":"session.invalid","outcome":"denied","severity":3,"reason":"bad_signature","source":"hook","hook":"session","actor":{"type":"anonymous"},"http":{"method":"GET"}},
  ],
  "a session cookie without any signature": [
    {"event":"session.invalid","outcome":"denied","severity":3,"reason":"unsigned","source":"hook","hook":"session","actor":{"type":"anonymous"},"http":{"method":"GET"}},
  ],
  "death: a session is presented after the end of its life": [
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"type":"anonymous"},"session":{"ref":"session 1"},"http":{"method":"POST","route":"/cart"}},
    {"event":"session.expired","outcome":"failure","severity":2,"source":"hook","hook":"session","actor":{"type":"anonymous"},"session":{"ref":"session 1"},"http":{"method":"GET"}},
  ],
  "a password change ends the sessions in other browsers": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"password.changed","outcome":"success","severity":2,"source":"app","actor":{"ref":"ann","type":"user"},"client":{"device":"device 2","device_source":"cookie"},"http":{"method":"POST","route":"/account/password"}},
    {"event":"session.ended","outcome":"success","severity":1,"reason":"destroyed","source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 2","device_source":"cookie"},"http":{"method":"POST","route":"/account/password"}},
    {"event":"authz.denied","outcome":"denied","severity":3,"reason":"unauthenticated","source":"hook","hook":"framework","actor":{"type":"anonymous"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"GET","route":"/account","status":401}},
    {"event":"session.replayed","outcome":"denied","severity":4,"reason":"ended","source":"hook","hook":"session","actor":{"type":"anonymous"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"GET"}},
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"hook","hook":"passport","actor":{"claimed":"typed ann","type":"anonymous"},"auth":{"method":"password","strategy":"local","attempt":"attempt 3"},"client":{"device":"device 3","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
  ],
  "a password change with the wrong password": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"authz.denied","outcome":"denied","severity":3,"reason":"forbidden","source":"hook","hook":"framework","actor":{"ref":"ann","type":"user"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/account/password","status":403}},
    {"event":"password.change_failed","outcome":"failure","severity":3,"reason":"bad_credentials","source":"app","actor":{"ref":"ann","type":"user"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/account/password"}},
  ],
  "an account is disabled: its session is restored no more": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"dana","claimed":"typed dana","type":"admin"},"auth":{"method":"password","strategy":"local","attempt":"attempt 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"dana","type":"admin"},"session":{"ref":"session 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"account.disabled","outcome":"success","severity":3,"source":"app","actor":{"ref":"dana","type":"admin"},"target":{"type":"account","ref":"ann"},"client":{"device":"device 2","device_source":"cookie"},"http":{"method":"POST","route":"/admin/users/:id/disable"}},
    {"event":"authz.denied","outcome":"denied","severity":3,"reason":"unauthenticated","source":"hook","hook":"framework","actor":{"type":"anonymous"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"GET","route":"/account","status":401}},
    {"event":"session.invalid","outcome":"denied","severity":3,"reason":"restore_failed","source":"hook","hook":"passport","actor":{"type":"anonymous"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"GET"}},
  ],
  "concurrent sign-ins on one session: both are told, and each goes on under an id of its own": [
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"type":"anonymous"},"session":{"ref":"session 1"},"http":{"method":"POST","route":"/cart"}},
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"slow","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login/slow"}},
    {"event":"session.rotated","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"from":"session 1","ref":"session 2"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login/slow"}},
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"dana","claimed":"typed dana","type":"admin"},"auth":{"method":"password","strategy":"slow","attempt":"attempt 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"POST","route":"/login/slow"}},
    {"event":"session.rotated","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"dana","type":"admin"},"session":{"from":"session 1","ref":"session 3"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"POST","route":"/login/slow"}},
  ],
  "two browsers of one person: one signs out, the other stays": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"logout.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/logout"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 3"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/logout"}},
    {"event":"session.ended","outcome":"success","severity":1,"reason":"logout","source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/logout"}},
  ],
  "a request in which nothing happens leaves no record": [],
  "a guard turns everyone away": [
    {"event":"authz.denied","outcome":"denied","severity":3,"reason":"forbidden","source":"hook","hook":"framework","actor":{"type":"anonymous"},"http":{"method":"GET","route":"/guarded/:id","status":403}},
  ],
  "a guard asks for someone who is signed in": [
    {"event":"authz.denied","outcome":"denied","severity":3,"reason":"unauthenticated","source":"hook","hook":"framework","actor":{"type":"anonymous"},"http":{"method":"GET","route":"/account","status":401}},
  ],
  "a role is missing": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"authz.denied","outcome":"denied","severity":3,"reason":"forbidden","source":"hook","hook":"framework","actor":{"ref":"ann","type":"user"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"GET","route":"/admin/users","status":403}},
  ],
  "an administrator passes": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"dana","claimed":"typed dana","type":"admin"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"dana","type":"admin"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
  ],
  "a handler answers 403 by itself": [
    {"event":"authz.denied","outcome":"denied","severity":3,"reason":"forbidden","source":"hook","hook":"framework","actor":{"type":"anonymous"},"http":{"method":"GET","route":"/denied/:id","status":403}},
  ],
  "a handler answers 401 by itself": [
    {"event":"authz.denied","outcome":"denied","severity":3,"reason":"unauthenticated","source":"hook","hook":"framework","actor":{"type":"anonymous"},"http":{"method":"GET","route":"/unauthenticated","status":401}},
  ],
  "an error of status 403 is a denial": [
    {"event":"authz.denied","outcome":"denied","severity":3,"reason":"forbidden","source":"hook","hook":"framework","actor":{"type":"anonymous"},"http":{"method":"GET","route":"/forbidden","status":403}},
  ],
  "a bug in a handler is no denial": [],
  "a route that is not there": [],
  "an audited route that answers": [
    {"event":"resource.read","outcome":"success","severity":1,"source":"hook","hook":"framework","actor":{"type":"anonymous"},"target":{"type":"item","id":"7"},"http":{"method":"GET","route":"/items/:id","status":200}},
  ],
  "an audited route that finds nothing": [
    {"event":"resource.read","outcome":"failure","severity":1,"source":"hook","hook":"framework","actor":{"type":"anonymous"},"target":{"type":"item","id":"7"},"http":{"method":"GET","route":"/items/:id/missing","status":404}},
  ],
  "an audited route that denies is told once, as itself": [
    {"event":"resource.read","outcome":"denied","severity":1,"source":"hook","hook":"framework","actor":{"type":"anonymous"},"target":{"type":"item","id":"7"},"http":{"method":"GET","route":"/items/:id/denied","status":403}},
  ],
  "an audited route whose handler throws": [
    {"event":"resource.read","outcome":"error","severity":1,"source":"hook","hook":"framework","actor":{"type":"anonymous"},"target":{"type":"item","id":"7"},"http":{"method":"GET","route":"/items/:id/broken","status":500}},
  ],
  "an audited route that streams is told when it begins, once": [
    {"event":"resource.read","outcome":"success","severity":1,"source":"hook","hook":"framework","actor":{"type":"anonymous"},"target":{"type":"item","id":"7"},"http":{"method":"GET","route":"/items/:id/stream","status":200}},
  ],
  "an audited route behind a guard": [
    {"event":"resource.read","outcome":"denied","severity":1,"source":"hook","hook":"framework","actor":{"type":"anonymous"},"target":{"type":"item","id":"7"},"http":{"method":"GET","route":"/items/:id/own","status":401}},
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"resource.read","outcome":"success","severity":1,"source":"hook","hook":"framework","actor":{"ref":"ann","type":"user"},"target":{"type":"item","id":"7"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"GET","route":"/items/:id/own","status":200}},
  ],
  "an administrator disables an account, which cannot sign in then": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"dana","claimed":"typed dana","type":"admin"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"dana","type":"admin"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"account.disabled","outcome":"success","severity":3,"source":"app","actor":{"ref":"dana","type":"admin"},"target":{"type":"account","ref":"ann"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/admin/users/:id/disable"}},
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"account_disabled","source":"hook","hook":"passport","actor":{"claimed":"typed ann","type":"anonymous"},"auth":{"method":"password","strategy":"local","attempt":"attempt 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
  ],
  "an administrator grants a role": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"dana","claimed":"typed dana","type":"admin"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"dana","type":"admin"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"role.granted","outcome":"success","severity":3,"source":"app","actor":{"ref":"dana","type":"admin"},"target":{"type":"account","ref":"ann"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/admin/users/:id/roles"},"data":{"role":"editor"}},
  ],
  "a customer tries what only administrators may": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"authz.denied","outcome":"denied","severity":3,"reason":"forbidden","source":"hook","hook":"framework","actor":{"ref":"ann","type":"user"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/admin/users/:id/disable","status":403}},
    {"event":"authz.denied","outcome":"denied","severity":3,"reason":"forbidden","source":"hook","hook":"framework","actor":{"ref":"ann","type":"user"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/admin/impersonate/:id","status":403}},
  ],
  "impersonation names both people, from the start to the end": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"dana","claimed":"typed dana","type":"admin"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"dana","type":"admin"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"impersonation.started","outcome":"success","severity":4,"source":"app","actor":{"ref":"dana","type":"admin"},"target":{"type":"account","ref":"ann"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/admin/impersonate/:id"}},
    {"event":"login.switched","outcome":"success","severity":3,"source":"hook","hook":"passport","actor":{"ref":"dana","type":"admin"},"target":{"type":"account","ref":"ann"},"auth":{"method":"application","attempt":"attempt 2"},"session":{"ref":"session 2"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/admin/impersonate/:id"}},
    {"event":"session.rotated","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"from":"session 1","ref":"session 2"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/admin/impersonate/:id"}},
    {"event":"resource.created","outcome":"success","severity":1,"source":"app","actor":{"ref":"dana","type":"admin","on_behalf_of":["ann"]},"target":{"type":"order","id":"7"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/orders"}},
    {"event":"impersonation.stopped","outcome":"success","severity":2,"source":"app","actor":{"ref":"dana","type":"admin"},"target":{"type":"account","ref":"ann"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/impersonate/stop"}},
    {"event":"login.switched","outcome":"success","severity":3,"source":"hook","hook":"passport","actor":{"ref":"ann","type":"user"},"target":{"type":"account","ref":"dana"},"auth":{"method":"application","attempt":"attempt 3"},"session":{"ref":"session 3"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/impersonate/stop"}},
    {"event":"session.rotated","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"dana","type":"admin"},"session":{"from":"session 2","ref":"session 3"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/impersonate/stop"}},
  ],
  "an order of one’s own names one person": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"resource.created","outcome":"success","severity":1,"source":"app","actor":{"ref":"ann","type":"user"},"target":{"type":"order","id":"7"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/orders"}},
  ],
  "tokens are issued for a password": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 1","jti":"jti 1","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-refresh","iat":"<time>","exp":"<time>","verified":true},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 2","jti":"jti 2","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-api","iat":"<time>","exp":"<time>","verified":true},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
  ],
  "no token for a wrong password": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"hook","hook":"passport","actor":{"claimed":"typed ann","type":"anonymous"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
  ],
  "an access token is used": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 1","jti":"jti 1","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-refresh","iat":"<time>","exp":"<time>","verified":true},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 2","jti":"jti 2","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-api","iat":"<time>","exp":"<time>","verified":true},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","type":"user"},"auth":{"method":"token","strategy":"jwt","attempt":"attempt 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"GET","route":"/api/orders"}},
    {"event":"token.verified","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 2","jti":"jti 2","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-api","iat":"<time>","exp":"<time>","verified":true},"http":{"method":"GET","route":"/api/orders"}},
  ],
  "no token at all": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"no_token","source":"hook","hook":"passport","actor":{"type":"anonymous"},"auth":{"method":"token","strategy":"jwt","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"GET","route":"/api/orders"}},
  ],
  "a token that has expired": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"token_expired","source":"hook","hook":"passport","actor":{"type":"anonymous"},"auth":{"method":"token","strategy":"jwt","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"GET","route":"/api/orders"}},
    {"event":"token.rejected","outcome":"denied","severity":3,"reason":"expired","source":"hook","hook":"jwt","actor":{"type":"anonymous"},"token":{"ref":"token 1","jti":"jti 1","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-api","iat":"<time>","exp":"<time>","verified":true},"http":{"method":"GET","route":"/api/orders"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 1","jti":"jti 1","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-api","iat":"<time>","exp":"<time>","verified":true}},
  ],
  "a token with a forged signature": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 1","jti":"jti 1","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-refresh","iat":"<time>","exp":"<time>","verified":true},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 2","jti":"jti 2","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-api","iat":"<time>","exp":"<time>","verified":true},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"token_invalid","source":"hook","hook":"passport","actor":{"type":"anonymous"},"auth":{"method":"token","strategy":"jwt","attempt":"attempt 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"GET","route":"/api/orders"}},
    {"event":"token.rejected","outcome":"denied","severity":3,"reason":"bad_signature","source":"hook","hook":"jwt","actor":{"type":"anonymous"},"token":{"ref":"token 3","jti":"jti 2","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-api","iat":"<time>","exp":"<time>","verified":false},"http":{"method":"GET","route":"/api/orders"}},
  ],
  "a token whose algorithm says \"none\"": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 1","jti":"jti 1","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-refresh","iat":"<time>","exp":"<time>","verified":true},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 2","jti":"jti 2","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-api","iat":"<time>","exp":"<time>","verified":true},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"token_invalid","source":"hook","hook":"passport","actor":{"type":"anonymous"},"auth":{"method":"token","strategy":"jwt","attempt":"attempt 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"GET","route":"/api/orders"}},
    {"event":"token.rejected","outcome":"denied","severity":3,"reason":"alg_not_allowed","source":"hook","hook":"jwt","actor":{"type":"anonymous"},"token":{"ref":"token 3","jti":"jti 2","alg":"none","typ":"JWT","iss":"shop","aud":"shop-api","iat":"<time>","exp":"<time>","verified":false},"http":{"method":"GET","route":"/api/orders"}},
  ],
  "a token for somebody else: the audience is wrong": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 1","jti":"jti 1","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-refresh","iat":"<time>","exp":"<time>","verified":true},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 2","jti":"jti 2","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-api","iat":"<time>","exp":"<time>","verified":true},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"token_invalid","source":"hook","hook":"passport","actor":{"type":"anonymous"},"auth":{"method":"token","strategy":"jwt","attempt":"attempt 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"GET","route":"/api/orders"}},
    {"event":"token.rejected","outcome":"denied","severity":3,"reason":"audience_mismatch","source":"hook","hook":"jwt","actor":{"type":"anonymous"},"token":{"ref":"token 1","jti":"jti 1","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-refresh","iat":"<time>","exp":"<time>","verified":true},"http":{"method":"GET","route":"/api/orders"}},
  ],
  "something that is no token": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"token_invalid","source":"hook","hook":"passport","actor":{"type":"anonymous"},"auth":{"method":"token","strategy":"jwt","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"GET","route":"/api/orders"}},
    {"event":"token.rejected","outcome":"denied","severity":3,"reason":"malformed","source":"hook","hook":"jwt","actor":{"type":"anonymous"},"token":{"ref":"token 1","verified":false},"http":{"method":"GET","route":"/api/orders"}},
  ],
  "tokens are refreshed": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 1","jti":"jti 1","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-refresh","iat":"<time>","exp":"<time>","verified":true},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 2","jti":"jti 2","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-api","iat":"<time>","exp":"<time>","verified":true},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 3","jti":"jti 3","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-refresh","iat":"<time>","exp":"<time>","verified":true},"http":{"method":"POST","route":"/api/refresh"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 4","jti":"jti 4","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-api","iat":"<time>","exp":"<time>","verified":true},"http":{"method":"POST","route":"/api/refresh"}},
    {"event":"token.refreshed","outcome":"success","severity":1,"source":"app","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 1","verified":false},"http":{"method":"POST","route":"/api/refresh"}},
    {"event":"token.revoked","outcome":"success","severity":2,"source":"app","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 1","verified":false},"http":{"method":"POST","route":"/api/refresh"}},
    {"event":"token.verified","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 1","jti":"jti 1","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-refresh","iat":"<time>","exp":"<time>","verified":true},"http":{"method":"POST","route":"/api/refresh"}},
  ],
  "theft: a refresh token that was used comes back, and its family ends": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 1","jti":"jti 1","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-refresh","iat":"<time>","exp":"<time>","verified":true},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 2","jti":"jti 2","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-api","iat":"<time>","exp":"<time>","verified":true},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 3","jti":"jti 3","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-refresh","iat":"<time>","exp":"<time>","verified":true},"http":{"method":"POST","route":"/api/refresh"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 4","jti":"jti 4","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-api","iat":"<time>","exp":"<time>","verified":true},"http":{"method":"POST","route":"/api/refresh"}},
    {"event":"token.refreshed","outcome":"success","severity":1,"source":"app","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 1","verified":false},"http":{"method":"POST","route":"/api/refresh"}},
    {"event":"token.revoked","outcome":"success","severity":2,"source":"app","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 1","verified":false},"http":{"method":"POST","route":"/api/refresh"}},
    {"event":"token.verified","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 1","jti":"jti 1","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-refresh","iat":"<time>","exp":"<time>","verified":true},"http":{"method":"POST","route":"/api/refresh"}},
    {"event":"token.reuse_detected","outcome":"denied","severity":5,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 1","jti":"jti 1","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-refresh","iat":"<time>","exp":"<time>","verified":true},"http":{"method":"POST","route":"/api/refresh"}},
    {"event":"token.revoked","outcome":"success","severity":2,"source":"app","actor":{"ref":"ann","type":"user"},"token":{"jti":"jti 3","verified":false},"http":{"method":"POST","route":"/api/refresh"}},
    {"event":"token.reuse_detected","outcome":"denied","severity":5,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 3","jti":"jti 3","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-refresh","iat":"<time>","exp":"<time>","verified":true},"http":{"method":"POST","route":"/api/refresh"}},
  ],
  "an access token is withdrawn, and presented after that": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 1","jti":"jti 1","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-refresh","iat":"<time>","exp":"<time>","verified":true},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 2","jti":"jti 2","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-api","iat":"<time>","exp":"<time>","verified":true},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.revoked","outcome":"success","severity":2,"source":"app","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 2","verified":false},"http":{"method":"POST","route":"/api/revoke"}},
    {"event":"token.verified","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 2","jti":"jti 2","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-api","iat":"<time>","exp":"<time>","verified":true},"http":{"method":"POST","route":"/api/revoke"}},
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"token_withdrawn","source":"hook","hook":"passport","actor":{"type":"anonymous"},"auth":{"method":"token","strategy":"jwt","attempt":"attempt 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"GET","route":"/api/orders"}},
    {"event":"token.reuse_detected","outcome":"denied","severity":5,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 2","jti":"jti 2","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-api","iat":"<time>","exp":"<time>","verified":true},"http":{"method":"GET","route":"/api/orders"}},
  ],
  "a token is withdrawn that is none": [
    {"event":"token.rejected","outcome":"denied","severity":3,"reason":"malformed","source":"hook","hook":"jwt","actor":{"type":"anonymous"},"token":{"ref":"token 1","verified":false},"http":{"method":"POST","route":"/api/revoke"}},
  ],
  "a token of an account that was disabled since": [
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 1","jti":"jti 1","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-refresh","iat":"<time>","exp":"<time>","verified":true},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"token.issued","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 2","jti":"jti 2","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-api","iat":"<time>","exp":"<time>","verified":true},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/api/token"}},
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"token_withdrawn","source":"hook","hook":"passport","actor":{"type":"anonymous"},"auth":{"method":"token","strategy":"jwt","attempt":"attempt 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"GET","route":"/api/orders"}},
    {"event":"token.verified","outcome":"success","severity":1,"source":"hook","hook":"jwt","actor":{"ref":"ann","type":"user"},"token":{"ref":"token 2","jti":"jti 2","alg":"HS256","typ":"JWT","iss":"shop","aud":"shop-api","iat":"<time>","exp":"<time>","verified":true},"http":{"method":"GET","route":"/api/orders"}},
  ],
  "a device cookie is set at a sign-in attempt, and known when it comes back": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"app","actor":{"claimed":"typed ann","type":"anonymous"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/own/login"}},
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"app","actor":{"claimed":"typed ann","type":"anonymous"},"client":{"device":"device 1","device_source":"cookie"},"http":{"method":"POST","route":"/own/login"}},
  ],
  "no device cookie is set where nobody signs in": [
    {"event":"resource.read","outcome":"success","severity":1,"source":"hook","hook":"framework","actor":{"type":"anonymous"},"target":{"type":"item","id":"7"},"http":{"method":"GET","route":"/items/:id","status":200}},
  ],
  "no device cookie is left on an answer that a cache may keep": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"app","actor":{"claimed":"typed ann","type":"anonymous"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/own/login"}},
  ],
  "a device cookie signed by another key is not believed": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"app","actor":{"claimed":"typed ann","type":"anonymous"},"client":{"device":"device 1","device_source":"issued","device_rejected":"bad_signature"},"http":{"method":"POST","route":"/own/login"}},
  ],
  "client hints of a browser: known names, and nothing that a client made up": [
    {"event":"resource.read","outcome":"success","severity":1,"source":"hook","hook":"framework","actor":{"type":"anonymous"},"target":{"type":"item","id":"7"},"client":{"hints":{"brands":["Chromium 140","Google Chrome 140"],"mobile":false,"platform":"Linux"}},"http":{"method":"GET","route":"/items/:id","status":200}},
    {"event":"resource.read","outcome":"success","severity":1,"source":"hook","hook":"framework","actor":{"type":"anonymous"},"target":{"type":"item","id":"7"},"http":{"method":"GET","route":"/items/:id","status":200}},
  ],
  "a device cookie that was tampered with is not believed, and replaced": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"app","actor":{"claimed":"typed ann","type":"anonymous"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/own/login"}},
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"app","actor":{"claimed":"typed ann","type":"anonymous"},"client":{"device":"device 2","device_source":"issued","device_rejected":"bad_signature"},"http":{"method":"POST","route":"/own/login"}},
  ],
  "a device cookie that is none": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"app","actor":{"claimed":"typed ann","type":"anonymous"},"client":{"device":"device 1","device_source":"issued","device_rejected":"malformed"},"http":{"method":"POST","route":"/own/login"}},
  ],
  "two browsers are two devices": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"app","actor":{"claimed":"typed ann","type":"anonymous"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/own/login"}},
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"app","actor":{"claimed":"typed ann","type":"anonymous"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"POST","route":"/own/login"}},
  ],
  "devices are off": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"app","actor":{"claimed":"typed ann","type":"anonymous"},"http":{"method":"POST","route":"/own/login"}},
    {"event":"login.succeeded","outcome":"success","severity":1,"source":"hook","hook":"passport","actor":{"ref":"ann","claimed":"typed ann","type":"user"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"http":{"method":"POST","route":"/login"}},
    {"event":"session.created","outcome":"success","severity":1,"source":"hook","hook":"session","actor":{"ref":"ann","type":"user"},"session":{"ref":"session 1"},"http":{"method":"POST","route":"/login"}},
  ],
  "trace and request id of a proxy": [
    {"event":"resource.read","outcome":"success","severity":1,"source":"hook","hook":"framework","actor":{"type":"anonymous"},"target":{"type":"item","id":"7"},"http":{"method":"GET","route":"/items/:id","status":200},"trace":{"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331"}},
  ],
  "a request id that a client wrote is not kept": [
    {"event":"resource.read","outcome":"success","severity":1,"source":"hook","hook":"framework","actor":{"type":"anonymous"},"target":{"type":"item","id":"7"},"http":{"method":"GET","route":"/items/:id","status":200,"request_id":"another"}},
  ],
  "forwarding headers of a stranger do not count": [
    {"event":"resource.read","outcome":"success","severity":1,"source":"hook","hook":"framework","actor":{"type":"anonymous"},"target":{"type":"item","id":"7"},"client":{"forwarded_ignored":true},"http":{"method":"GET","route":"/items/:id","status":200}},
    {"event":"resource.read","outcome":"success","severity":1,"source":"hook","hook":"framework","actor":{"type":"anonymous"},"target":{"type":"item","id":"7"},"client":{"forwarded_ignored":true},"http":{"method":"GET","route":"/items/:id","status":200}},
  ],
  "hostile headers: too long, of another script, and with quotes": [
    {"event":"resource.read","outcome":"success","severity":1,"source":"hook","hook":"framework","actor":{"type":"anonymous"},"target":{"type":"item","id":"7"},"client":{"user_agent":"curl/8.5.0 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},"http":{"method":"GET","route":"/items/:id","status":200}},
    {"event":"resource.read","outcome":"success","severity":1,"source":"hook","hook":"framework","actor":{"type":"anonymous"},"target":{"type":"item","id":"7"},"client":{"user_agent":"curl/8.5.0 â®Âevil"},"http":{"method":"GET","route":"/items/:id","status":200}},
    {"event":"resource.read","outcome":"success","severity":1,"source":"hook","hook":"framework","actor":{"type":"anonymous"},"target":{"type":"item","id":"7"},"client":{"user_agent":"\"}\\u0000{\"event\":\"x"},"http":{"method":"GET","route":"/items/:id","status":200}},
  ],
  "hostile headers: an agent with the password in it": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"hook","hook":"passport","actor":{"claimed":"typed ann","type":"anonymous"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"user_agent":"curl/8.5.0 [redacted]","device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
  ],
  "no user agent at all": [
    {"event":"resource.read","outcome":"success","severity":1,"source":"hook","hook":"framework","actor":{"type":"anonymous"},"target":{"type":"item","id":"7"},"http":{"method":"GET","route":"/items/:id","status":200}},
  ],
  "a name with control and bidirectional characters is the same name": [
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"bad_credentials","source":"hook","hook":"passport","actor":{"claimed":"typed ann","type":"anonymous"},"auth":{"method":"password","strategy":"local","attempt":"attempt 1"},"client":{"device":"device 1","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
    {"event":"login.failed","outcome":"failure","severity":2,"reason":"unknown_user","source":"hook","hook":"passport","actor":{"claimed":"typed ann","type":"anonymous"},"auth":{"method":"password","strategy":"local","attempt":"attempt 2"},"client":{"device":"device 2","device_source":"issued"},"http":{"method":"POST","route":"/login"}},
  ],
  "after detach nothing is recorded, and the application answers as before": [
    {"event":"authz.denied","outcome":"denied","severity":3,"reason":"forbidden","source":"hook","hook":"framework","actor":{"type":"anonymous"},"http":{"method":"GET","route":"/denied/:id","status":403}},
  ],
}
