"""Words without a subject of their own, folded: a short list for each language. How, when, why and not are none of them."""

PT = """
a o as os um uma uns umas de do da dos das em no na nos nas num numa por pelo pela pelos pelas para pra pro pras pros
com sem sob sobre ate entre e ou mas se que ja so la ai aqui ali isso isto esse essa esses essas este esta estes estas
aquele aquela aquilo eu tu ele ela eles elas voce voces me te lhe lhes meu minha meus minhas teu tua seu sua seus suas
nosso nossa dele dela ser sou sao era foi foram fui estar estou ta to tava estao estava tem tenho ter tinha ha houve
vai vou vao ir fazer faz faco fez fiz pode posso podem poderia consigo consegue conseguem conseguir quero queria
gostaria preciso precisa qual quais quem onde cade oi ola opa eai bom boa dia tarde noite gente pessoal galera alguem
moco moca favor obrigado obrigada valeu blz ajuda ajudar socorro sabe saber duvida pergunta tambem muito muita bem
mais menos ainda entao agora k rs rsrs haha ne tipo algum alguma todo toda tudo nem
"""
EN = """
the a an i you he she it we they me my your his her its our their us them is are was were be been being am do does did
doing have has had having of to in on at for with from by about into and or but if then so as that this these those
there here just also please can could would will shall should may might must hi hello hey thanks thank what where
which who im ive id ill youre dont doesnt didnt cant somebody anybody anyone someone help guys
"""
ES = """
el la los las lo un una unos unas de del en al a por para con sin sobre hasta entre y o u pero si que ya solo aqui ahi
alli eso esto ese esa esos esas este esta estos estas yo tu ella ellos ellas usted ustedes nos me te le les mi mis su
sus nuestro nuestra ser soy es son era fue fueron estar estoy estan estaba tiene tengo tener tenia hay ha he va voy
van ir hacer hace hago hizo hice puede puedo pueden podria quiero quisiera necesito cual cuales quien donde hola
buenos buenas dias tardes noches gente alguien favor gracias ayuda ayudar sabe saber duda pregunta tambien mucho muy
mas menos aun entonces ahora jaja algun alguna todo toda todos todas ni
"""
