
# escape=`
FROM debian
